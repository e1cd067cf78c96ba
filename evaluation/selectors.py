"""Reads of the evaluation for pages and API: periods, rankings, one card, the rows behind a figure."""

from dataclasses import dataclass

from django.db.models import Avg, Count, Max, Min, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from core.errors import NotFound
from evaluation.models import Kind, Period, Scorecard, ScoreLine
from events.models import Event
from grids.models import Grid


def periods(user, kind=None) -> QuerySet[Period]:
    """Periods this person sees, the newest first, with what they see of each: `seen` cards, `mean`, `best`, `least`."""
    rows = Period.objects.visible_to(user).filter(scored_at__isnull=False)
    if kind:
        rows = rows.filter(kind=kind)
    seen = Scorecard.objects.visible_to(user).filter(period=OuterRef("pk")).order_by().values("period")
    return rows.annotate(
        seen=Coalesce(Subquery(seen.annotate(n=Count("pk")).values("n")), 0),
        mean=Subquery(seen.annotate(n=Avg("total")).values("n")),
        best=Subquery(seen.annotate(n=Max("total")).values("n")),
        least=Subquery(seen.annotate(n=Min("total")).values("n")),
    ).order_by("-start", "kind")


def ranking(user, period, search="") -> QuerySet[Scorecard]:
    """The cards of a period this person sees, the best first; `search` looks at names. Each has its subject.

    One query per page; `lines` are not read (`with_lines` does).
    """
    rows = Scorecard.objects.visible_to(user).filter(period=period).select_related("period", "user", "unit")
    if search:
        rows = rows.filter(Q(user__name__icontains=search) | Q(unit__name__icontains=search))
    return rows.ranked()


def with_lines(cards) -> QuerySet[Scorecard]:
    """The lines of each card in the order of the scheme, as `card.lines.all()`: one query more for any number."""
    return cards.prefetch_related(Prefetch("lines", ScoreLine.objects.order_by("scorecard_id", "sort", "pk")))


def places(cards) -> dict[str, Grid]:
    """{path: grid} of the cards' grids and jurisdictions, parents included: one query."""
    ids = {int(card.path.strip("/").rsplit("/", 1)[-1]) for card in cards}
    grids = Grid.objects.filter(pk__in=ids).select_related("parent").defer("boundary", "parent__boundary")
    return {grid.path: grid for grid in grids}


def card(user, pk) -> Scorecard:
    """One card with period, scheme, subject and lines: two queries. Raises NotFound if it is not theirs to see."""
    rows = Scorecard.objects.visible_to(user).select_related("period__scheme", "user", "unit").filter(pk=pk)
    found = with_lines(rows).first()
    if found is None:
        raise NotFound
    return found


def own_cards(user, kind=Kind.WORKER_MONTH) -> QuerySet[Scorecard]:
    """This person's own published cards, the newest first."""
    rows = Scorecard.objects.visible_to(user).filter(user_id=user.pk, period__kind=kind)
    return (
        rows.filter(period__status=Period.Status.PUBLISHED)
        .select_related("period")
        .order_by("-period__start")
    )


def history(user, of: Scorecard, most=12) -> list[Scorecard]:
    """The same subject's cards up to this one, the oldest first, at most `most`: for a line of development."""
    rows = Scorecard.objects.visible_to(user).filter(
        user_id=of.user_id,
        unit_id=of.unit_id,
        period__kind=of.period.kind,
        period__start__lte=of.period.start,
    )
    return list(rows.select_related("period").order_by("-period__start")[:most])[::-1]


@dataclass(frozen=True)
class Behind:
    """The rows behind one figure. `rows`: Events, Assignments, StageRecords or WhistleCalls, the newest first, each
    with `counted` (in the numerator) and `amount`; `event` leads from a row to its event, empty if it is one.
    `hidden`: how many more rows there are that this person may not see."""

    line: ScoreLine
    rows: QuerySet
    event: str
    hidden: int

    def event_of(self, row) -> Event:
        """The event of a row (read with it)."""
        for name in filter(None, self.event.split("__")):
            row = getattr(row, name)
        return row


def behind(user, of: Scorecard, code: str) -> Behind:
    """The rows behind the figure `code` of a card, as they are now. Raises NotFound for an unknown figure.

    Rows may have changed since the period was scored; the card keeps what was counted then.
    """
    line = next((line for line in of.lines.all() if line.indicator == code), None)
    if line is None or line.definition is None:
        raise NotFound
    rows = line.definition.rows(of.period, of.subject_id)
    event = line.definition.event_lookup(of.period)
    key = f"{event}__in" if event else "pk__in"
    seen = rows.filter(**{key: Event.objects.visible_to(user).order_by().values("pk")})
    hidden = rows.count() - seen.count()
    prefix = f"{event}__" if event else ""
    links = [f"{prefix}{name}" for name in ("standard", "grid")]
    return Behind(line, seen.select_related(*links).defer(f"{prefix}grid__boundary"), event, hidden)
