from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from core.errors import DomainError
from duty.services import roster_files
from grids.management.output import fail


class Command(BaseCommand):
    help = (
        "Put shifts on the duty rosters (值班表) from a file, xlsx or csv. Mistakes name the row and the column; all or "
        "nothing; running it twice changes nothing."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", help="单位编码, 日期, 开始, 结束, 岗位, 姓名; also 工号, 值班电话, 备注")
        parser.add_argument("--dry-run", action="store_true", help="only check, write nothing")

    def handle(self, *args, file, dry_run, **options):
        try:
            done = roster_files.import_duty(source=file, dry_run=dry_run)
        except DomainError as error:
            fail(self, error)
        for line in roster_files.summary(done):
            self.stdout.write(line)
        if dry_run:
            self.stdout.write(_("Only checked: nothing was written."))
