from contextlib import closing
from itertools import chain, islice

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from events.models import Transition
from events.services import history
from events.services.history_files import Files


class Command(BaseCommand):
    help = "Prove that no step of any event was changed, removed or added; name the first faults otherwise."

    def add_arguments(self, parser):
        parser.add_argument("--most", type=int, default=20, help="how many faults to name (20)")
        parser.add_argument(
            "--files",
            action="store_true",
            help="also read every photo and file and compare it with its step's hash",
        )

    def handle(self, *args, most, files, **options):
        stored = Files()
        with closing(history.faults()) as steps, closing(stored.faults()) as kept:
            found = list(islice(chain(steps, kept if files else ()), most))
        for fault in found:
            self.stderr.write(fault)
        if found:
            raise CommandError(_("The history is not untouched."))
        self.stdout.write(
            _("History untouched: %(count)s steps verified.") % {"count": Transition.objects.count()}
        )
        if files:
            self.stdout.write(
                _("Files untouched: %(count)s compared with their steps.") % {"count": stored.count}
            )
