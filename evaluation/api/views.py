"""Scores: the periods, the ranking of one, a card with its fractions, and the rows behind each of them."""

from datetime import date

from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api import fields
from core.api.fields import ident
from core.api.pagination import Keyset
from core.api.views import ListView
from core.errors import NotFound
from evaluation import selectors, services
from evaluation.api import shapes
from evaluation.explanations import MEANINGS
from evaluation.filters import PeriodFilterSet
from evaluation.models import Period
from events.selectors import Known, summary_of

TAGS = ["scorecards"]
NUMBERS = ("numerator", "denominator", "value", "weight", "target", "worst", "most", "points")
PERIOD = {"period": ident()}


def period_row(period) -> dict:
    return {
        "id": period.pk, "kind": period.kind, "name": period.name, "start": period.start, "end": period.end,
        "status": period.status, "scored_at": period.scored_at, "published_at": period.published_at,
    }  # fmt: skip


def card_row(card) -> dict:
    subject = {"kind": "user" if card.user_id else "unit", "id": card.subject_id, "name": str(card.subject)}
    return {"id": card.pk, "subject": subject, "total": card.total, "rank": card.rank, "of": card.of}


@extend_schema(responses=shapes.PeriodRow(many=True), tags=TAGS)
class Periods(ListView):
    """Months of the workers and quarters of the departments that have been scored, newest first."""

    keyset = Keyset(("start", "id"), descending=True)
    key_kinds = {"start": date}
    filterset_class = PeriodFilterSet

    def get_queryset(self):
        return selectors.periods(self.request.user)

    def get(self, request):
        return self.answer(request)

    def row(self, period):
        mean = None if period.mean is None else round(period.mean, 2)
        return {**period_row(period), "cards": period.seen, "mean": mean}


class Publish(APIView):
    """Freeze a period: nobody changes its scores from now on. For administrators of the whole territory."""

    @extend_schema(request=None, responses=shapes.PeriodRow, tags=TAGS)
    def post(self, request, pk):
        return Response(period_row(services.publish(period_id=pk, actor=request.user)))


class Cards(ListView):
    """The ranking of one period: the cards you may see, the best first; those without a score come last."""

    keyset = Keyset(("rank", "id"), nulls_last=True)
    parameters = ("period", "q")
    filter_backends = ()

    def get_queryset(self):
        query = self.request.query_params
        given = fields.read({"period": query.get("period")}, PERIOD)
        fields.missing(given, PERIOD)
        period = Period.objects.visible_to(self.request.user).filter(pk=given["period"]).first()
        if period is None:
            raise NotFound
        return selectors.ranking(self.request.user, period, query.get("q", "").replace("\0", "").strip()[:60])

    @extend_schema(
        parameters=[
            OpenApiParameter("period", OpenApiTypes.INT, required=True),
            OpenApiParameter("q", OpenApiTypes.STR, description="Part of a name"),
        ],
        responses=shapes.CardRow(many=True),
        tags=TAGS,
    )
    def get(self, request):
        return self.answer(request)

    row = staticmethod(card_row)


class Card(APIView):
    """One card: each figure as a fraction, its points, and the address of its rows."""

    @extend_schema(responses=shapes.CardFull, tags=TAGS)
    def get(self, request, pk):
        card = selectors.card(request.user, pk)
        lines = [_line(card, line) for line in card.lines.all()]
        return Response({**card_row(card), "period": period_row(card.period), "lines": lines})


def _line(card, line) -> dict:
    return {
        "indicator": line.indicator,
        "label": line.label,
        "meaning": MEANINGS.get(line.indicator, ""),
        **{name: getattr(line, name) for name in NUMBERS},
        "rows": reverse("api:scorecard-rows", args=[card.pk, line.indicator]),
    }


class RowsBehind(ListView):
    """The rows behind one figure of a card, newest first; those you may not see are left out."""

    keyset = Keyset(("id",), descending=True)
    filter_backends = ()

    def get_queryset(self):
        card = selectors.card(self.request.user, self.kwargs["pk"])
        self.behind = selectors.behind(self.request.user, card, self.kwargs["indicator"])
        return self.behind.rows

    @extend_schema(responses=shapes.RowBehind(many=True), tags=TAGS, operation_id="scorecards_rows")
    def get(self, request, pk, indicator):
        self.known, self.now = Known.at(self.versions), timezone.now()
        answer = self.answer(request)
        answer.data["hidden"] = self.behind.hidden
        return answer

    def row(self, row):
        event = summary_of(self.behind.event_of(row), self.known, self.now)
        return {"event": event, "counted": row.counted, "amount": row.amount}
