from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.services import write_passwords
from core.errors import DomainError
from grids.management.output import fail
from grids.services import staff


class Command(BaseCommand):
    help = (
        "Create and update people and their posts from a staff roll (花名册), xlsx or csv. Mistakes name the row and "
        "the column; all or nothing; running it twice changes nothing."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "file", help="工号, 姓名, 角色, 网格/单位编码; also 用户名, 手机, 身份证号, 起, 止"
        )
        parser.add_argument(
            "--passwords-out",
            type=Path,
            metavar="FILE",
            help="give new people a random password and write it to this new file, readable by you alone",
        )
        parser.add_argument("--dry-run", action="store_true", help="only check, write nothing")

    def handle(self, *args, file, passwords_out, dry_run, **options):
        if passwords_out and passwords_out.exists():
            raise CommandError(_("%(path)s exists: it is not overwritten.") % {"path": passwords_out})
        try:
            with transaction.atomic():  # no accounts with passwords that nobody knows
                done = staff.import_staff(source=file, make_passwords=bool(passwords_out), dry_run=dry_run)
                if passwords_out and not dry_run:
                    write_passwords(passwords_out, done.passwords)
        except DomainError as error:
            fail(self, error)
        for line in staff.summary(done):
            self.stdout.write(line)
        if dry_run:
            self.stdout.write(_("Only checked: nothing was written."))
