"""What a report says in sentences. One rule a sentence: it speaks only where the data carries it, else it is silent.

Rules get `Told`, plain figures without a database. Thresholds stand here and in docs/papers.md. A comparison needs a
base of at least LEAST events (or turns), or one event more would be "+100 %".
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from events.figures import Department, Flows, Kind, Overview, Rate
from papers.duties import Warned

LEAST = 10  # events or turns behind a comparison
STEADY = 0.01  # a change below one in a hundred is "about as many"
STEADY_POINTS = 0.005  # and of half a percentage point
GATHERED, GATHERED_LEAST = 0.2, 2  # late ones "mainly in": a fifth of them and at least two
TOP_KIND = 0.1
RISE, RISE_EVENTS = 0.5, 5
SLOW, SLOW_TURNS = 0.9, 5
REWORK, REWORK_HANDLED = 0.05, 20
RATED = 10
SPOT = 0.1
MOST_NAMES = 3


@dataclass(frozen=True)
class Told:
    """The figures of a report. `this` names the period (today, this week, this month); places and units by name."""

    this: str
    now: Flows
    before: Flows
    year: Flows
    stands: Overview
    kinds: list[Kind] = field(default_factory=list)
    kinds_before: dict[str, int] = field(default_factory=dict)  # code: reported
    places: list[tuple[str, Flows]] = field(default_factory=list)  # every grid right below, in order
    units: list[tuple[str, Department]] = field(default_factory=list)
    whole: bool = True  # the period is over
    warned: Warned = field(default_factory=Warned)


RULES: list[Callable[[Told], str | None]] = []


def rule(function):
    RULES.append(function)
    return function


def sentences(told: Told) -> Iterator[str]:
    """All that can be said, in the order of the rules."""
    for each in RULES:
        if words := each(told):
            yield words


# ---- words of figures


def percent(share: float) -> str:
    return f"{share * 100:.1f}%"


def change(now: int, before: int) -> float | None:
    """The change as a share; None where the base is too small to be compared with."""
    return (now - before) / before if before >= LEAST else None


def compared(now: int, before: int, year: int) -> str:
    """, "环比上升 12.5%，同比持平"; nothing where neither can be compared."""
    words = [
        _than(change(now, before), _("%(change)s up on the period before"), _("%(change)s down on the period before"),
              _("about as many as in the period before")),
        _than(change(now, year), _("%(change)s up on last year"), _("%(change)s down on last year"),
              _("about as many as last year")),
    ]  # fmt: skip
    return "".join(pgettext("finding", ", ") + one for one in words if one)


def _than(moved, up, down, level) -> str:
    if moved is None:
        return ""
    if abs(moved) < STEADY:
        return level
    return (up if moved > 0 else down) % {"change": percent(abs(moved))}


def points(now: Rate, before: Rate) -> str:
    """, "较上期提高 1.2 个百分点"; nothing where one of them is too small."""
    if min(now.denominator, before.denominator) < LEAST:
        return ""
    moved = now.share - before.share
    if abs(moved) < STEADY_POINTS:
        return _(", about as in the period before")
    words = _(", %(points)s percentage points up") if moved > 0 else _(", %(points)s percentage points down")
    return words % {"points": f"{abs(moved) * 100:.1f}"}


def _and() -> str:
    return pgettext("names", ", ")


def _names(pairs) -> str:
    return _and().join(_("%(name)s (%(count)s)") % {"name": name, "count": count} for name, count in pairs)


# ---- the rules


@rule
def volume(told: Told):
    """How many were reported and closed, against before and last year."""
    if not told.now.reported and not told.now.closed:
        return _("%(this)s no event was reported or closed.") % {"this": told.this}
    facts = {
        "this": told.this, "reported": told.now.reported, "closed": told.now.closed,
        "more": compared(told.now.reported, told.before.reported, told.year.reported),
        "closed_more": compared(told.now.closed, told.before.closed, told.year.closed),
    }  # fmt: skip
    return _("%(this)s events reported: %(reported)s%(more)s; closed: %(closed)s%(closed_more)s.") % facts


@rule
def on_time(told: Told):
    """按期处置率 with its fraction."""
    return _rate(told.now.on_time, told.before.on_time, _("On-time handling rate"))


@rule
def closing(told: Told):
    """结案率 with its fraction."""
    return _rate(told.now.closing, told.before.closing, _("Closing rate"))


def _rate(now: Rate, before: Rate, name: str):
    if not now.denominator:
        return None
    facts = {
        "name": name, "share": percent(now.share), "n": now.numerator, "of": now.denominator, "more": points(now, before),
    }  # fmt: skip
    return _("%(name)s %(share)s (%(n)s of %(of)s)%(more)s.") % facts


@rule
def late(told: Told):
    """Turns that came due and were late, and where they gather."""
    count = told.now.on_time.denominator - told.now.on_time.numerator
    if not count:
        return _("Nothing that came due was late.") if told.now.on_time.denominator else None
    each = [(name, flows.on_time.denominator - flows.on_time.numerator) for name, flows in told.places]
    gathered = [(name, n) for name, n in each if n >= GATHERED_LEAST and n >= GATHERED * count]
    gathered = sorted(gathered, key=lambda pair: -pair[1])[:MOST_NAMES]
    words = ngettext("%(count)s unit's turn was late", "%(count)s units' turns were late", count) % {"count": count}
    if not gathered:
        return words + pgettext("finding", ".")
    return words + _(", mainly in %(places)s.") % {"places": _names(gathered)}


@rule
def standing(told: Told):
    """What is open now."""
    if not told.stands.open.value:
        return None
    facts = {"open": told.stands.open.value, "late": told.stands.late.value, "soon": told.stands.soon.value}
    return _("Open now: %(open)s, of which late %(late)s and soon late %(soon)s.") % facts


@rule
def top_kinds(told: Told):
    """The kinds that make up a tenth or more, at most three."""
    total = told.now.reported
    found = [kind for kind in told.kinds if kind.code and kind.reported >= TOP_KIND * total][:MOST_NAMES]
    if total < LEAST or not found:
        return None
    each = [
        _("%(name)s (%(count)s, %(share)s)")
        % {"name": kind.name, "count": kind.reported, "share": percent(kind.reported / total)}
        for kind in found
    ]
    return _("Reported most: %(kinds)s.") % {"kinds": _and().join(each)}


@rule
def rising(told: Told):
    """Kinds that grew by half or more and by at least five events, from a base that can be compared."""
    grown = [
        (kind.reported - told.kinds_before.get(kind.code, 0), kind)
        for kind in told.kinds
        if kind.code and told.kinds_before.get(kind.code, 0) >= RISE_EVENTS
        and kind.reported - told.kinds_before[kind.code] >= max(RISE_EVENTS, RISE * told.kinds_before[kind.code])
    ]  # fmt: skip
    if not grown:
        return None
    each = [
        _("%(name)s (from %(before)s to %(now)s)")
        % {"name": kind.name, "before": told.kinds_before[kind.code], "now": kind.reported}
        for _more, kind in sorted(grown, key=lambda pair: -pair[0])[:MOST_NAMES]
    ]
    return _("Clearly more than in the period before: %(kinds)s.") % {"kinds": _and().join(each)}


@rule
def busiest(told: Told):
    """Where a fifth or more of the events were reported, if there is more than one place."""
    total = told.now.reported
    found = [(name, flows.reported) for name, flows in told.places if flows.reported >= GATHERED * total]
    if total < LEAST or len(told.places) < MOST_NAMES or not found:
        return None
    places = _names(sorted(found, key=lambda pair: -pair[1])[:MOST_NAMES])
    return _("Most were reported in %(places)s.") % {"places": places}


@rule
def silent(told: Told):
    """Places that reported nothing in a whole period while others did."""
    none = [name for name, flows in told.places if not flows.reported]
    if not told.whole or not none or told.now.reported < LEAST or len(none) == len(told.places):
        return None
    if len(none) > MOST_NAMES:
        return _("Nothing was reported in %(count)s places: %(names)s and others.") % {
            "count": len(none), "names": _and().join(none[:MOST_NAMES]),
        }  # fmt: skip
    return _("Nothing was reported in %(names)s.") % {"names": _and().join(none)}


@rule
def slow_units(told: Told):
    """Units with at least five turns due and less than nine in ten in time, the slowest first."""
    found = [
        (unit.on_time.share, name, unit.on_time)
        for name, unit in told.units
        if unit.on_time.denominator >= SLOW_TURNS and unit.on_time.share < SLOW
    ]
    if not found:
        return None
    each = [
        _("%(name)s %(share)s (%(n)s of %(of)s)")
        % {"name": name, "share": percent(share), "n": rate.numerator, "of": rate.denominator}
        for share, name, rate in sorted(found, key=lambda row: (row[0], row[1]))[:MOST_NAMES]
    ]
    return _("On-time handling was low at %(units)s.") % {"units": _and().join(each)}


@rule
def rework(told: Told):
    """返工率 where it is one in twenty or more."""
    rate = told.now.rework
    if rate.denominator < REWORK_HANDLED or rate.share < REWORK:
        return None
    facts = {"count": rate.numerator, "of": rate.denominator, "share": percent(rate.share)}
    return _("Of %(of)s handled, %(count)s were sent back for rework (%(share)s).") % facts


@rule
def satisfaction(told: Told):
    """满意率 from ten ratings on."""
    if told.now.satisfaction.denominator < RATED:
        return None
    return _rate(told.now.satisfaction, told.before.satisfaction, _("Satisfaction rate"))


@rule
def on_the_spot(told: Told):
    """What workers settled themselves, where it is a tenth of what was closed or more."""
    if told.now.closed < LEAST or told.now.settled < SPOT * told.now.closed:
        return None
    facts = {"count": told.now.settled, "share": percent(told.now.settled / told.now.closed)}
    return _("Grid workers settled %(count)s on the spot, %(share)s of those closed.") % facts


@rule
def warned(told: Told):
    """Warnings that called somebody, and how soon they were taken."""
    raised = told.warned.raised
    if not raised:
        return None
    words = ngettext("%(count)s warning was raised", "%(count)s warnings were raised", raised) % {"count": raised}
    if told.warned.major:
        words += pgettext("finding", ", ") + _("%(count)s of them major") % {"count": told.warned.major}
    if told.warned.taken:
        facts = {"count": told.warned.taken, "minutes": round(sum(told.warned.minutes) / told.warned.taken)}
        words += pgettext("finding", ", ") + _("%(count)s were taken, after %(minutes)s minutes on average") % facts
    if raised > told.warned.taken:
        words += pgettext("finding", ", ") + _("%(count)s nobody has taken") % {"count": raised - told.warned.taken}
    return words + pgettext("finding", ".")
