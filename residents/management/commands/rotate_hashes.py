from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from residents.services import rehash


class Command(BaseCommand):
    help = "Make all keyed hashes anew under HASH_KEY, while the system runs; HASH_KEY_OLD still finds meanwhile."

    def add_arguments(self, parser):
        parser.add_argument("--batch", type=int, default=rehash.BATCH, help="rows per transaction")

    def handle(self, *args, batch, **options):
        if not rehash.is_running():
            raise CommandError(_("Set HASH_KEY_OLD to the key before, HASH_KEY to the new one, and restart first."))
        left = sum(self._rehash(hashed, batch) for hashed in rehash.tables())
        left += rehash.rehash_looks()
        # A second walk finds what was written under the old key by a process that had not been restarted yet.
        left = sum(self._rehash(hashed, batch) for hashed in rehash.tables()) if left else 0
        if left:
            raise CommandError(_("Somebody still writes with the old key: restart every process and run it again."))
        self.stdout.write(_("Nothing is left under the old key: HASH_KEY_OLD may be removed."))

    def _rehash(self, hashed, batch) -> int:
        read = written = 0
        try:
            for seen, changed in rehash.rehash(hashed, batch):
                read, written = read + seen, written + changed
                self.stdout.write(f"{hashed.table}: {read}, {written}")
        except ValueError as error:
            raise CommandError(f"{hashed.table}: {error}") from error
        return written
