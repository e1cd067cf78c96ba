from time import perf_counter

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from residents import recount

SHOWN = 5


class Command(BaseCommand):
    help = (
        "Counts the registry's figures from nothing and compares them with those kept, and checks what must agree in "
        "it: grids follow buildings, one head to a household, open stays where people live. --repair puts right what "
        "has one right answer."
    )

    def add_arguments(self, parser):
        parser.add_argument("--repair", action="store_true", help="Put right what has one right answer.")

    def handle(self, *, repair, **options):
        begun = perf_counter()
        if repair:
            for name, count in recount.put_agreements_right().items():
                self.stdout.write(f"{name}: {count} put right")
            self.stdout.write(f"figures: {recount.put_figures_right()} put right")
        wrong = recount.wrong_figures()
        counted = perf_counter() - begun
        for grid, measure, amount in wrong[:SHOWN]:
            self.stdout.write(f"grid {grid}, {measure}: {amount:+} missing")
        faults = recount.disagreements()
        for name, ids in faults.items():
            self.stdout.write(f"{name}: not so for {len(ids)} ({', '.join(map(str, ids[:SHOWN]))} …)")
        if wrong or faults:
            raise CommandError(
                _("%(figures)s figures and %(rows)s records do not agree.")
                % {"figures": len(wrong), "rows": sum(map(len, faults.values()))}
            )
        self.stdout.write(f"The registry agrees with itself; figures counted in {counted:.2f} s.")
