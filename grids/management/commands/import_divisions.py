from datetime import date

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from core.errors import DomainError
from grids.management.output import fail
from grids.services import divisions


class Command(BaseCommand):
    help = (
        "Make the tree of grids from administrative divisions (区划): a county with its areas, towns and villages, "
        "or a whole city with its counties. All or nothing; running it twice changes nothing."
    )

    def add_arguments(self, parser):
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--code", help="a county's or district's code of 12 digits")
        which.add_argument("--city", help="the first four digits of a city: its counties become level 1")
        which.add_argument("--list", action="store_true", help="only list the counties of the file")
        parser.add_argument("--city-name", default="", help="the city's name, with --city")
        parser.add_argument(
            "--file", default=divisions.DIVISIONS, help="csv or xlsx: code, name, level, parent_code"
        )
        parser.add_argument(
            "--areas", help="level 1 of a county: csv or xlsx of town code, area code, area name"
        )
        parser.add_argument("--grids", help="level 4: csv or xlsx of code (15 digits) and name")
        parser.add_argument(
            "--with-centres", action="store_true", help="a centre for every grid of levels 0 to 3"
        )
        parser.add_argument("--level-names", default="", help="five names, separated by commas")
        parser.add_argument("--valid-from", type=date.fromisoformat, help="YYYY-MM-DD, by default today")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, write nothing")

    def handle(self, *args, **options):
        if options["list"]:
            self.list(options["file"])
            return
        names = [name.strip() for name in options["level_names"].split(",") if name.strip()]
        if len(names) not in (0, 5):
            raise CommandError(_("--level-names: expected five names, separated by commas."))
        if options["city"] and len(options["city"]) != 4:
            raise CommandError(_("--city: expected the first four digits of its code."))
        try:
            done = divisions.import_divisions(
                code=options["code"] or options["city"],
                name=options["city_name"],
                source=options["file"],
                areas=options["areas"],
                grids=options["grids"],
                with_centres=options["with_centres"],
                level_names=names,
                valid_from=options["valid_from"],
                dry_run=options["dry_run"],
            )
        except DomainError as error:
            fail(self, error)
        for line in divisions.summary(done):
            self.stdout.write(line)

    def list(self, source):
        try:
            counties = divisions.counties(source)
        except DomainError as error:
            fail(self, error)
        for code, name in counties:
            self.stdout.write(f"{code} {name}")
