from datetime import date

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core.errors import DomainError
from gridcenter.demo.load import Loader
from gridcenter.demo.places import PLACES
from gridcenter.demo.registry.size import FEWEST, PEOPLE
from grids.models import Grid


class Command(BaseCommand):
    """Everything in one transaction: it loads whole or not at all."""

    help = (
        "Load a demo county of real divisions with synthetic grids, fictional people and months of events into an "
        "empty database. The same seed and --until give the same county."
    )

    def add_arguments(self, parser):
        parser.add_argument("place", nargs="?", choices=sorted(PLACES), help="which county or district")
        parser.add_argument("--seed", type=int, default=1, metavar="N")
        parser.add_argument("--months", type=int, default=2, metavar="M", help="months of events (default: 2)")
        parser.add_argument(
            "--until", type=date.fromisoformat, metavar="YYYY-MM-DD", help="the last day (default: today, until now)"
        )
        parser.add_argument(
            "--people", type=int, metavar="N", help="people in its registry (default: as many as the place has; 0: none)"
        )
        parser.add_argument("--loaded", action="store_true", help="only say whether a territory is loaded: exit 0 if so")
        parser.add_argument(
            "--i-know-this-is-synthetic",
            action="store_true",
            dest="synthetic",
            help="load outside demo and test mode (measurements); nobody gets a password then",
        )

    def handle(self, *, place, seed, months, until, people, loaded, synthetic, **options):
        if loaded:
            self._say_loaded()
            return
        if place is None:
            raise CommandError(f"Which place? One of: {', '.join(sorted(PLACES))}.")
        if settings.GRIDCENTER_MODE not in ("demo", "test") and not synthetic:
            raise CommandError(
                "A demo county is only loaded with GRIDCENTER_MODE=demo: its people and events are made up. "
                "For a measurement add --i-know-this-is-synthetic."
            )
        today = timezone.localdate()
        until = until or today
        if until > today:
            raise CommandError(f"--until is {until}, which is still to come; today is {today}.")
        if not 1 <= months <= 60:
            raise CommandError(f"--months is {months}: expected 1 to 60.")
        people = PEOPLE[place] if people is None else people
        if people and people < FEWEST:
            raise CommandError(f"--people is {people}: expected 0 or at least {FEWEST}.")
        say = self.stdout.write if options["verbosity"] else lambda text: None
        say(f"Demo county {place}, seed {seed}, {months} months until {until}: synthetic grids, fictional people.")
        passwords = settings.GRIDCENTER_MODE == "demo"
        try:
            result = Loader(place, seed, months, until, people=people, passwords=passwords, say=say).load()
        except DomainError as error:
            raise CommandError(str(error.message)) from error
        say(", ".join(f"{count} {name}" for name, count in result.counts.items()))
        say(f"Loaded in {sum(result.seconds.values()):.1f} s.")

    def _say_loaded(self):
        root = Grid.objects.filter(level=0).first()
        if root is None:
            raise CommandError("No territory is loaded.", returncode=1)
        self.stdout.write(f"Loaded: {root.name}")
