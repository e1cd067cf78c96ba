from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from events.services import retention


class Command(BaseCommand):
    help = "Archive, erase and remove what is kept no longer (the schedule does it at 03:10)."

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="count, and change nothing")

    def handle(self, *args, dry_run, **options):
        done = retention.run(dry_run=dry_run)
        lines = [
            (_("residents archived: %(n)s"), done.archived),
            (_("residents erased: %(n)s"), done.erased),
            (_("entries of care registers removed: %(n)s"), done.care),
            (_("files of statutory registers removed: %(n)s"), done.support),
            (_("contacts of ended cases pseudonymised: %(n)s"), done.contacts),
            (_("photos of closed accounts removed: %(n)s"), done.photos),
        ]
        for words, count in lines:
            self.stdout.write(words % {"n": count})
        if dry_run:
            self.stdout.write(_("Nothing was changed (dry run)."))
