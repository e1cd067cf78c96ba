from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from core.errors import DomainError
from grids.management.output import fail
from grids.services import units


class Command(BaseCommand):
    help = (
        "Create and update centres and departments from a table of units, xlsx or csv. Mistakes name the row and "
        "the column; all or nothing; running it twice changes nothing."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", help="单位编码, 单位名称, 类型, 部门类别, 网格编码; also 办公电话, 启用")
        parser.add_argument("--dry-run", action="store_true", help="only check, write nothing")

    def handle(self, *args, file, dry_run, **options):
        try:
            done = units.import_units(source=file, dry_run=dry_run)
        except DomainError as error:
            fail(self, error)
        for line in units.summary(done):
            self.stdout.write(line)
        if dry_run:
            self.stdout.write(_("Only checked: nothing was written."))
