from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from core.errors import DomainError
from grids.management.output import fail
from grids.services import boundaries


class Command(BaseCommand):
    help = (
        "Give grids their boundaries from a GeoJSON file whose features have a property “code”. Shapes that are "
        "not valid, leave their parent or overlap a sibling are reported by name, and then nothing is written."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", help="a GeoJSON FeatureCollection in WGS 84 degrees")
        parser.add_argument(
            "--tolerance",
            type=float,
            default=boundaries.TOLERANCE_M,
            metavar="METRES",
            help="how far shapes may leave their parent or overlap (default: %(default)s)",
        )
        parser.add_argument("--synthetic", action="store_true", help="mark the shapes as generated")
        parser.add_argument("--dry-run", action="store_true", help="only check, write nothing")

    def handle(self, *args, file, tolerance, synthetic, dry_run, **options):
        try:
            done = boundaries.import_boundaries(
                source=file, tolerance=tolerance, synthetic=synthetic, dry_run=dry_run
            )
        except DomainError as error:
            fail(self, error)
        for line in boundaries.summary(done):
            self.stdout.write(line)
        if dry_run:
            self.stdout.write(_("Only checked: nothing was written."))
