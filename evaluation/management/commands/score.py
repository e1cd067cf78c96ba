from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core.errors import Conflict, DomainError
from evaluation import periods, services


class Command(BaseCommand):
    """`score month 2026-10`, `score quarter 2026Q3`, `score month last`, `score month due`; `--publish` freezes it."""

    help = (
        "Score grid workers over a month or departments over a quarter; doing it again gives the same result."
    )

    def add_arguments(self, parser):
        parser.add_argument("kind", choices=sorted(periods.SHORT))
        parser.add_argument(
            "period",
            help="2026-10, 2026Q3, “last” for the last one that is over, “due” for all not scored yet",
        )
        parser.add_argument("--publish", action="store_true", help="publish them: frozen from then on")
        parser.add_argument(
            "--top", type=int, default=3, metavar="N", help="how many of the best to print (3)"
        )

    def handle(self, *, kind, period, publish, top, **options):
        try:
            kind = periods.kind_of(kind)
            starts = self._starts(kind, period)
            for start in starts:
                self._score(kind, start, publish, top)
        except DomainError as error:
            lines = [str(error.message), *(str(line) for field in error.fields.values() for line in field)]
            raise CommandError("\n".join(lines)) from error
        if not starts:
            self.stdout.write("Nothing to score: every period that is over has been scored.")

    def _starts(self, kind, period):
        if period == "due":
            return services.due_periods(kind)
        if period == "last":
            return [periods.before(kind, timezone.localdate())]
        return [periods.parse(kind, period)]

    def _score(self, kind, start, publish, top):
        try:
            period = services.score(kind, start)
        except Conflict as error:
            if not publish:
                raise
            self.stdout.write(str(error.message))
            return
        if publish:
            period = services.publish(period_id=period.pk, actor=None)
        cards = period.cards.select_related("user", "unit").ranked()
        self.stdout.write(f"{period}: {cards.count()} scored, {period.get_status_display()}.")
        for card in cards[:top]:
            self.stdout.write(
                f"  {card.rank or '—':>4}  {card.subject}  {card.total if card.total is not None else '—'}"
            )
