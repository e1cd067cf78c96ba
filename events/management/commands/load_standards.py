from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core.errors import DomainError
from events import standards


class Command(BaseCommand):
    """Everything or nothing; run twice it changes nothing."""

    help = (
        "Load case standards: the lists shipped with department kinds and stage limits, or the files given. "
        "Columns: events/data/README.md."
    )

    def add_arguments(self, parser):
        add = parser.add_argument
        add("--file", action="append", type=Path, metavar="CSV", help="a list of your own; repeatable")
        add(
            "--from",
            dest="valid_from",
            type=date.fromisoformat,
            metavar="YYYY-MM-DD",
            help="the first day they are in force (default: today)",
        )
        add("--only-missing", action="store_true", help="add new ones, leave those a county has edited")

    def handle(self, *, file, valid_from, only_missing, **options):
        valid_from = valid_from or timezone.localdate()
        try:
            if file:
                loaded = standards.load_files(file, valid_from, only_missing=only_missing)
            else:
                loaded = standards.load_defaults(valid_from, only_missing=only_missing)
        except DomainError as error:
            lines = [str(error.message), *(line for field in error.fields.values() for line in field)]
            raise CommandError("\n".join(lines)) from error
        self.stdout.write(
            f"Standards from {valid_from}: {loaded.added} new, {loaded.changed} changed, "
            f"{loaded.unchanged} unchanged."
        )
