from django.core.management.base import BaseCommand

from events.services import history


class Command(BaseCommand):
    help = "Seal every whole day that is not sealed yet (the schedule does it at 00:20)."

    def handle(self, *args, **options):
        made = history.seal_due()
        for seal in made:
            self.stdout.write(f"{seal}: {seal.chains} chains, {seal.hash}")
        if not made:
            self.stdout.write("Nothing to seal.")
