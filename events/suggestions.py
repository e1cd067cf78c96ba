"""What similar events got, as suggestions that say why: a standard by words and place, a lead unit by standard and town,
buttons by what people usually press. Counts of the last year (services.habits); nothing is applied by itself.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from math import log

from django.utils import timezone
from django.utils.translation import gettext as _

from events import limits
from events.models import LeadHabit, MoveHabit, PlaceHabit, WordHabit
from events.services.habits import MOST_LETTERS
from grids.directory import ids_of

HAN = re.compile(r"[\u3400-\u9fff]+")
MOST = 3
LEAST_EVENTS = 5  # fewer say nothing
LEAST_SHARE = 0.2
ABOUT = 0.7
SMOOTHING = 2  # as if two more events had held the word and got something else


@dataclass(frozen=True)
class Suggestion:
    """What could be chosen: its id, its name, how often it was right (0–1), and the count behind that in words."""

    pk: int
    label: str
    share: float
    why: str


def standards(event) -> list[Suggestion]:
    """Standards under which events with such words were registered, likeliest first. Two queries beside the versions."""
    words = words_of(event.description)
    if not words:
        return []
    counts = defaultdict(dict)
    for word, code, events in WordHabit.objects.filter(word__in=words).values_list("word", "code", "events"):
        counts[word][code] = events
    scores, best = _scores(counts)
    here = _here(event.path)
    today, known = timezone.localdate(), limits.current()
    found = []
    for code in sorted(scores, key=lambda c: (-scores[c] * (1 + here.get(c, 0.0)), c)):
        if scores[code] < LEAST_SHARE or len(found) == MOST:
            break
        standard = next((s for s in known.standards.values() if s.code == code and s.valid_on(today)), None)
        if standard is not None:
            label = f"{standard.minor_name} · {standard.condition}"
            word = _telling(best[code], standard.minor_name)
            found.append(Suggestion(standard.pk, label, scores[code], _why_standard(word, counts, code)))
    return found


def words_of(text) -> list[str]:
    """The pairs of Chinese characters that stand beside each other."""
    runs = HAN.findall(text[:MOST_LETTERS])
    return sorted({a + b for run in runs for a, b in pairwise(run)})


def _scores(counts):
    """(code → share of the events with such words, each word weighted by how much it tells; code → [(gain, events, word)]
    behind it). A word that many kinds of events hold tells little: its weight is the logarithm of how seldom it is."""
    total = sum(sum(of.values()) for of in counts.values()) or 1
    scores, best, weights = defaultdict(float), {}, 0.0
    for word, of in counts.items():
        seen = sum(of.values())
        if seen < LEAST_EVENTS:
            continue
        top = max(of.values()) / (seen + SMOOTHING)
        weight = log(1 + total / seen) * top
        weights += weight
        for code, events in of.items():
            gain = weight * events / (seen + SMOOTHING)
            scores[code] += gain
            best.setdefault(code, []).append((gain, events, word))
    return {code: score / weights for code, score in scores.items()}, best


def _telling(gains, name) -> str:
    """Of the words that tell about as much as the best one, one of the standard's name, else the most frequent: a pair
    of characters may lie across two words."""
    most = max(gain for gain, _events, _word in gains)
    about = [(word in name, events, word) for gain, events, word in gains if gain >= ABOUT * most]
    return max(about)[2]


def _here(path) -> dict[str, float]:
    """Code → its share of the village's events."""
    ids = ids_of(path)
    if len(ids) < 4:
        return {}
    village = f"/{'/'.join(map(str, ids[:4]))}/"
    rows = dict(PlaceHabit.objects.filter(path=village).values_list("code", "events"))
    total = sum(rows.values())
    return {code: events / total for code, events in rows.items()}


def _why_standard(word, counts, code):
    facts = {"word": word, "n": counts[word][code], "all": sum(counts[word].values())}
    return _("%(n)s of %(all)s events with “%(word)s” in the last year") % facts


def leads(event, allowed: dict[int, str]) -> list[Suggestion]:
    """Units that handled events of this standard: of this town, where there are enough, else of the whole territory.

    `allowed`: unit id → name of those that may be chosen. One query.
    """
    standard = limits.current().standards.get(event.standard_id)
    if standard is None:
        return []
    rows = list(LeadHabit.objects.filter(code=standard.code).values_list("path", "unit", "dispatched", "kept"))
    town = [row for row in rows if event.path.startswith(row[0])]
    near = sum(row[2] for row in town) >= LEAST_EVENTS
    units = defaultdict(lambda: [0, 0])
    for _path, unit, dispatched, kept in town if near else rows:
        units[unit][0] += dispatched
        units[unit][1] += kept
    total = sum(dispatched for dispatched, _kept in units.values())
    if total < LEAST_EVENTS:
        return []
    found = [
        Suggestion(pk, allowed[pk], kept / total, _why_lead(dispatched, dispatched - kept, total, near))
        for pk, (dispatched, kept) in units.items()
        if pk in allowed and kept / total >= LEAST_SHARE
    ]
    return sorted(found, key=lambda s: (-s.share, s.pk))[:MOST]


def _why_lead(dispatched, returned, total, near):
    words = (
        _("%(n)s of %(all)s such events of this town in the last year, %(back)s returned")
        if near
        else _("%(n)s of %(all)s such events in the last year, %(back)s returned")
    )
    return words % {"n": dispatched, "all": total, "back": returned}


def likeliest_first(buttons: list[dict], status: str) -> list[dict]:
    """Buttons in the order in which people have pressed them in this status; the table's order where nobody has."""
    pressed = dict(MoveHabit.objects.filter(status=status).values_list("action", "steps"))
    return sorted(buttons, key=lambda button: -pressed.get(button["name"], 0))
