"""Scoring and publishing. Writes of the evaluation: commands, tasks, admin and views call these."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import WORKER_ROLES
from core.bulk import copy_rows
from core.errors import Conflict, Invalid, NotFound, Refused
from evaluation import periods, points, registry, schemes
from evaluation.models import Kind, Period, Scheme, Scorecard, ScoreLine
from events.models import Assignment, Event
from grids.models import Post, Unit
from grids.scope import Scope

# After midnight, for what was done offline. The schedule asks at 02:00 by its own clock, which may be seconds ahead.
SETTLING = timedelta(hours=1, minutes=59, seconds=30)
CARD_COLUMNS = ("period_id", "user_id", "unit_id", "path", "total", "rank", "of")
LINE_COLUMNS = (
    "scorecard_id", "indicator", "numerator", "denominator", "value", "weight", "target", "worst", "most",
    "points", "sort",
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """One subject's card before it is written."""

    subject_id: int
    path: str
    lines: list[points.Line]
    total: Decimal | None


def score(kind, start, now=None) -> Period:
    """Score the period of `kind` that begins on `start`: all its subjects, in place of what a draft held before.

    The same records give the same scores, however often and by however many workers it is done: the period's row is
    locked meanwhile, and all is written in one transaction. Raises Invalid if the period is not over, does not exist
    or has no usable scheme, Conflict if it is published.
    """
    now = now or timezone.now()
    end = periods.end_of(kind, start)
    if end > timezone.localdate(now):
        raise Invalid(_("The period is not over before %(day)s.") % {"day": end})
    with transaction.atomic():
        Period.objects.get_or_create(kind=kind, start=start, defaults={"end": end})
        period = Period.objects.select_for_update().get(kind=kind, start=start)
        if period.is_published:
            raise Conflict(_("%(period)s is published: its scores stay as they are.") % {"period": period})
        scheme = schemes.in_force(kind, start)
        results = _results(period, _rules(scheme))
        _write(period, results)
        period.scheme, period.scored_at = scheme, now
        period.save(update_fields=["scheme", "scored_at"])
    return period


def _rules(scheme) -> list[points.Rule]:
    return [
        points.Rule(item.indicator, item.weight, *item.bounds, item.empty, item.sort)
        for item in schemes.usable(scheme)
    ]


def _results(period, rules) -> list[Result]:
    """One query for the subjects and one per indicator."""
    indicators = [registry.INDICATORS[rule.indicator] for rule in rules]
    figures = {entry.code: entry.figures(period) for entry in indicators}
    none = {entry.code: entry.none for entry in indicators}
    results = []
    for subject_id, path in subjects(period).items():
        own = {code: of.get(subject_id, none[code]) for code, of in figures.items()}
        lines = points.score(rules, own)
        results.append(Result(subject_id, path, lines, points.total(lines)))
    return results


def subjects(period) -> dict[int, str]:
    """{id: path} of those who are scored: whoever held a worker's post on any day of the period, or every
    department that is active or had a turn due in it: one that was closed since is scored for what it did.

    A worker's path is that of the grid taken over last.
    """
    if period.kind == Kind.DEPARTMENT_QUARTER:
        worked = Assignment.objects.filter(period.holds("due_at")).order_by().values("unit")
        departments = Unit.objects.filter(Q(active=True) | Q(pk__in=worked), kind=Unit.Kind.DEPARTMENT)
        return dict(departments.order_by("pk").values_list("pk", "grid__path"))
    held = Post.objects.filter(
        Q(until=None) | Q(until__gt=period.start),
        since__lt=period.end,
        role__in=sorted(WORKER_ROLES),
        grid__isnull=False,
    )
    return dict(held.order_by("user_id", "since", "pk").values_list("user_id", "grid__path"))


_DELETE = (
    "DELETE FROM evaluation_scoreline WHERE scorecard_id IN "
    "(SELECT id FROM evaluation_scorecard WHERE period_id = %s)",
    "DELETE FROM evaluation_scorecard WHERE period_id = %s",
)


def _write(period, results):
    """Replace the cards and lines of a draft: two DELETEs, two bulk writes, whatever the number of subjects."""
    with connection.cursor() as cursor:
        for statement in _DELETE:
            cursor.execute(statement, [period.pk])
    copy_rows(Scorecard._meta.db_table, CARD_COLUMNS, _card_rows(period, results))
    subject = "user_id" if period.kind == Kind.WORKER_MONTH else "unit_id"
    cards = dict(Scorecard.objects.filter(period=period).order_by().values_list(subject, "pk"))
    copy_rows(ScoreLine._meta.db_table, LINE_COLUMNS, _line_rows(cards, results))


def _card_rows(period, results):
    ranks = points.ranks(result.total for result in results)
    ranked = sum(result.total is not None for result in results)
    of_people = period.kind == Kind.WORKER_MONTH
    for result in results:
        user_id, unit_id = (result.subject_id, None) if of_people else (None, result.subject_id)
        yield period.pk, user_id, unit_id, result.path, result.total, ranks.get(result.total), ranked


def _line_rows(cards, results):
    for result in results:
        for line in result.lines:
            rule = line.rule
            yield (
                cards[result.subject_id], rule.indicator, line.numerator, line.denominator, line.value, rule.weight,
                rule.target, rule.worst, line.most, line.points, rule.sort,
            )  # fmt: skip


@transaction.atomic
def publish(*, period_id, actor) -> Period:
    """Freeze a scored period: from now on the database refuses every change of it.

    It concerns the whole territory, so the actor needs the permission on level 0; None is the command line. Raises
    NotFound, Refused, Invalid if it was not scored, Conflict if somebody has published it already.
    """
    rows = Period.objects.all() if actor is None else Period.objects.visible_to(actor)
    period = rows.select_for_update().filter(pk=period_id).first()
    if period is None:
        raise NotFound
    if actor is not None and not may_publish(actor):
        raise Refused(_("Only an administrator of the whole territory publishes scores."))
    if period.is_published:
        by = str(period.published_by or _("The command line"))
        words = _("%(who)s has published it already.") % {"who": by}
        raise Conflict(words, by=by, at=period.published_at.isoformat())
    if period.scored_at is None:
        raise Invalid(_("The period has not been scored yet."))
    period.status, period.published_at = Period.Status.PUBLISHED, timezone.now()
    period.published_by = actor
    period.save(update_fields=["status", "published_at", "published_by"])
    return period


def may_publish(user) -> bool:
    """Whether a post of level 0 allows this person to publish."""
    return any(seat.level == 0 and seat.may("evaluation.publish_period") for seat in Scope.of(user).seats)


def due_periods(kind, now=None) -> list[date]:
    """Starts of all periods of `kind` that are over and not scored yet, the oldest first.

    From the first event on, so that after any downtime the missed ones are found; those for which no scheme was in
    force are left alone.
    """
    now = now or timezone.now()
    first = Event.objects.aggregate(first=Min("reported_at"))["first"]
    if first is None:
        return []
    done = set(Period.objects.filter(kind=kind, scored_at__isnull=False).values_list("start", flat=True))
    schemes_then = list(Scheme.objects.filter(kind=kind))
    last_day = timezone.localdate(now - SETTLING)
    return [
        start
        for start in periods.between(kind, timezone.localdate(first), last_day)
        if start not in done and (not schemes_then or any(s.holds(start) for s in schemes_then))
    ]
