from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from core import ciphers
from residents.services import rotation


class Command(BaseCommand):
    help = "Encrypt all private values anew under the first key of FIELD_KEYS, while the system runs."

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="count what is left, and change nothing")
        parser.add_argument("--batch", type=int, default=rotation.BATCH, help="values per transaction")

    def handle(self, *args, dry_run, batch, **options):
        self.stdout.write(_("Newest key: %(key)s") % {"key": ciphers.writing_key()})
        left = 0
        for column in rotation.columns():
            count = rotation.waiting(column)
            if dry_run or not count:
                left += count
                self._say(column, _("%(count)s under older keys") % {"count": count})
                continue
            self._rotate(column, count, batch)
            left += rotation.waiting(column)
        if left and not dry_run:
            raise CommandError(_("%(count)s values are left: run it again.") % {"count": left})
        if not left:
            self.stdout.write(_("Nothing is left under older keys: they may be taken from FIELD_KEYS."))

    def _rotate(self, column, count, batch):
        done = 0
        try:
            for written in rotation.rotate(column, batch):
                done += written
                self._say(column, f"{done} / {count}")
        except ValueError as error:
            raise CommandError(f"{column.table}.{column.name}: {error}") from error

    def _say(self, column, words):
        self.stdout.write(f"{column.table}.{column.name}: {words}")
        self.stdout.flush()
