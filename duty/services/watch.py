"""The watch of every minute: rules, warnings nobody takes, warnings whose time is over.

Found by state and written under locks: safe to run twice, at the same time, and after days of downtime.
"""

from dataclasses import replace
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from duty import reach, rules, selectors
from duty.models import Response, Rule, Warning, WarningCall, WarningStep
from duty.services import warnings
from duty.services.warnings import Found
from grids import directory

BATCH = 200
Action = WarningStep.Action


def watch(now=None) -> dict[str, int]:
    """Everything that is due at `now`. Returns how many warnings were raised, called up, ended."""
    now = now or timezone.now()
    counts = {"lapsed": lapse(now)}  # first: what is over calls nobody
    counts["raised"] = counts["gone"] = 0
    for pk in list(Rule.objects.filter(active=True).order_by("pk").values_list("pk", flat=True)):
        raised, gone = apply(pk, now)
        counts["raised"] += raised
        counts["gone"] += gone
    return counts | {"called": call_up(now)}


@transaction.atomic
def apply(rule_id: int, now) -> tuple[int, int]:
    """One rule: (warnings raised, warnings ended because their cause is gone). Another worker at it: (0, 0)."""
    rule = Rule.objects.select_for_update(skip_locked=True).filter(pk=rule_id, active=True).first()
    if rule is None:
        return 0, 0
    cause = rules.CAUSES[rule.cause]
    # Two rules of one cause (sooner serious, later major) warn of the same matter each for itself.
    findings = [replace(found, stem=f"{rule.pk}/{found.stem}") for found in cause.find(rule, now)]
    gone = _end_what_is_gone(rule, findings, now) if cause.lasts and len(findings) < rules.MOST else 0
    fresh = _fresh(rule, cause, findings, now)
    if fresh:
        hours = warnings.valid_hours(rule.level)
        warnings.write([_found(rule, finding, hours, now) for finding in fresh], now)
    return len(fresh), gone


def _fresh(rule, cause, findings, now):
    """Those not warned of yet: neither on this occasion nor, while a warning of the matter stands, on another."""
    if not findings:
        return []
    stems = {finding.stem for finding in findings}
    known = Q(ended_at=None)
    if cause.again is not None:
        known |= Q(made_at__gt=now - cause.again(rule))
    standing = set(Warning.objects.filter(known, stem__in=stems).values_list("stem", flat=True))
    keys = set(Warning.objects.filter(key__in=[f.key for f in findings]).values_list("key", flat=True))
    return [f for f in findings if f.stem not in standing and f.key not in keys]


def _found(rule, finding, hours, now) -> Found:
    warning = Warning(
        level=rule.level, cause=rule.cause, title=finding.title[:120], words=finding.words, grid_id=finding.grid_id,
        path=finding.path, reach=warnings.reach_of(finding.path), rule=rule, event_id=finding.event_id,
        unit_id=finding.unit_id, key=finding.key, stem=finding.stem, made_at=now, asked_at=now,
        until=now + timedelta(hours=hours),
    )  # fmt: skip
    known = directory.current().units
    return Found(warning, [(pk, why) for pk, why in finding.calls if pk in known])


def _end_what_is_gone(rule, findings, now) -> int:
    """Nobody need take what is no longer so; what somebody has taken is theirs to end."""
    stems = {finding.stem for finding in findings}
    standing = Warning.objects.untaken().filter(rule=rule).exclude(stem__in=stems)
    return _close(standing, Action.GONE, now, _("The cause is gone."))


def lapse(now) -> int:
    """Warnings whose time is over, taken or not."""
    total = 0
    while True:
        with transaction.atomic():
            done = _close(Warning.objects.open().filter(until__lte=now), Action.LAPSE, now, _("Its time was over."))
        total += done
        if done < BATCH:
            return total


def _close(rows, action, now, words) -> int:
    batch = _lock(rows)
    if batch:
        for one in batch:
            one.seq += 1
            one.ended_at, one.end_words = now, words
        WarningStep.objects.bulk_create(
            WarningStep(warning=one, seq=one.seq, action=action, at=now, words=words) for one in batch
        )
        Warning.objects.bulk_update(batch, ["seq", "ended_at", "end_words"])
    return len(batch)


def _lock(rows) -> list[Warning]:
    """Up to BATCH of them, locked. One that somebody is taking now is left out: it no longer waits."""
    return list(rows.select_for_update(skip_locked=True).order_by("pk")[:BATCH])


def call_up(now) -> int:
    """Warnings that nobody took in time go to the next higher centre and to whom its roster names.

    After a downtime each goes up one centre, then waits again: the centre that is called gets its time.
    """
    total = 0
    for level, minutes in Response.objects.filter(take_minutes__gt=0).values_list("level", "take_minutes"):
        waited = Warning.objects.untaken().filter(level=level, asked_at__lte=now - timedelta(minutes=minutes))
        last, more = 0, True
        while more:  # those with no centre above stay as they are, and must not stand in the way of the others
            with transaction.atomic():
                batch = _lock(waited.filter(until__gt=now, pk__gt=last))
                total += _call_up(batch, now)
            more = len(batch) == BATCH
            last = batch[-1].pk if batch else last
    return total


def _call_up(batch, now) -> int:
    calls: dict[int, set[int]] = {one.pk: set() for one in batch}
    for warning, unit in WarningCall.objects.filter(warning__in=batch).values_list("warning", "unit"):
        calls[warning].add(unit)
    above = {one.pk: reach.centre_above(one.reach, one.path, calls[one.pk]) for one in batch}
    going = [one for one in batch if above[one.pk] is not None]
    lines = selectors.on_duty_at({above[one.pk].pk for one in going}, now) if going else {}
    for one in going:
        one.seq += 1
        one.asked_at = now
    WarningCall.objects.bulk_create(
        warnings.call_of(one, above[one.pk].pk, WarningCall.Why.ABOVE, lines[above[one.pk].pk], now) for one in going
    )
    WarningStep.objects.bulk_create(
        WarningStep(
            warning=one, seq=one.seq, action=Action.CALL, at=now, unit_id=above[one.pk].pk,
            words=_who(lines[above[one.pk].pk]),
        )
        for one in going
    )  # fmt: skip
    if going:
        Warning.objects.bulk_update(going, ["seq", "asked_at"])
    return len(going)


def _who(lines) -> str:
    line = selectors.to_call(lines)
    return line.name if line else ""
