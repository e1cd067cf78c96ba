from datetime import date
from time import perf_counter

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from events.figures import checking, folding

SHOWN = 20


class Command(BaseCommand):
    help = (
        "Counts every figure anew from the events and compares it with what the screens read; names each one that "
        "differs by day, place and figure. --repair puts them right, --rebuild makes everything anew from the events."
    )

    def add_arguments(self, parser):
        parser.add_argument("--from", dest="first", type=date.fromisoformat, help="first day to look at (2026-01-31)")
        parser.add_argument("--to", dest="last", type=date.fromisoformat, help="last day to look at")
        parser.add_argument("--repair", action="store_true", help="put right what differs")
        parser.add_argument("--rebuild", action="store_true", help="make everything anew from the events first")
        parser.add_argument("--unchecked", action="store_true", help="with --rebuild: do not compare afterwards")
        parser.add_argument("--most", type=int, default=SHOWN, help=f"how many differences to name ({SHOWN})")

    def handle(self, *, first, last, repair, rebuild, unchecked, most, **options):
        begun = perf_counter()
        if rebuild:
            events = folding.rebuild()
            self.stdout.write(
                _("%(events)s events summed up anew in %(seconds).1f s.")
                % {"events": events, "seconds": perf_counter() - begun}
            )
            if unchecked:
                return
            begun = perf_counter()
        checked = checking.check(first, last, repair=repair)
        for wrong in checked.wrong[:most]:
            self.stderr.write(
                f"{wrong.day or _('now')} {wrong.path} {wrong.figure} {wrong.key}: "
                + _("kept %(kept)s, counted %(counted)s") % {"kept": wrong.kept, "counted": wrong.counted}
            )
        told = {"figures": len(checked.wrong), "events": len(checked.stale)}
        if not checked.wrong and not checked.stale:
            seconds = perf_counter() - begun
            told = {"events": checked.events, "seconds": seconds}
            self.stdout.write(_("The figures are those of %(events)s events; counted in %(seconds).1f s.") % told)
        elif repair:
            self.stdout.write(_("%(figures)s figures and %(events)s events were put right.") % told)
        else:
            raise CommandError(_("%(figures)s figures and %(events)s events do not agree.") % told)
