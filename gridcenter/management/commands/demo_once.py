from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from gridcenter.demo import once


class Command(BaseCommand):
    """See gridcenter.demo.once."""

    help = "Take one event of the demo county through all six steps over the API of a running server, then score."

    def add_arguments(self, parser):
        parser.add_argument("--url", required=True, help="where the server listens, http://127.0.0.1:8000")

    def handle(self, *, url, **options):
        if settings.GRIDCENTER_MODE == "service":
            raise CommandError("This writes a made-up event: it runs with GRIDCENTER_MODE=demo only.")
        try:
            once.Walk(url, self.stdout.write).go()
            once.score(self.stdout.write)
        except once.Failed as failed:
            raise CommandError(str(failed)) from failed
