from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import DomainError
from exchange import services
from grids.models import Unit


class Command(BaseCommand):
    help = "Make a key for a department's system (header X-Api-Key) and print it; it cannot be shown again."

    def add_arguments(self, parser):
        parser.add_argument("unit", help="Code of the department.")
        parser.add_argument("--name", default="", help="What the key is for; the department's name if not given.")
        parser.add_argument("--days", type=int, help="Ends after so many days; without it the key stays valid.")

    def handle(self, *args, unit, name, days, **options):
        found = Unit.objects.filter(code=unit).first()
        if found is None:
            raise CommandError(_("There is no unit with the code %(code)s.") % {"code": unit})
        expires = timezone.now() + timedelta(days=days) if days is not None else None
        try:
            _row, key = services.issue_key(unit=found, name=name, expiry_date=expires)
        except DomainError as error:
            reasons = [str(text) for texts in error.fields.values() for text in texts] or [str(error.message)]
            raise CommandError("; ".join(reasons)) from error
        self.stdout.write(key)
