from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.translation import gettext as _

from events import calendars
from events.services import reckoning


def _list(days):
    return ", ".join(f"{day:%Y-%m-%d}" for day in days)


class Command(BaseCommand):
    help = (
        "Fill the working calendar with public holidays and make-up workdays (节假日与调休) from the package "
        "chinesecalendar. Days that were set here by hand are kept; running it twice changes nothing."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "years",
            nargs="*",
            type=int,
            metavar="YEAR",
            help=f"default: every year that the package has from {calendars.FIRST_YEAR} on",
        )

    def handle(self, *args, years, **options):
        for year in years or calendars.library_years():
            self.report(calendars.fill(year))
        done = reckoning.redo()
        if done.seen:
            self.stdout.write(
                _("Deadlines of open cases reckoned again: %(seen)d looked at, %(moved)d changed.")
                % {"seen": done.seen, "moved": done.moved}
            )
        if missing := calendars.years_missing(timezone.localdate()):
            self.warn(" ".join(calendars.missing_words(missing)))

    def report(self, done):
        if not done.available:
            self.warn(
                _("%(year)s: the installed chinesecalendar has no such year; nothing was written.")
                % {"year": done.year}
            )
            return
        self.stdout.write(
            _("%(year)s: %(added)s days added, %(corrected)s corrected.")
            % {"year": done.year, "added": done.added, "corrected": done.corrected}
        )
        if done.kept:
            self.stdout.write(
                _("%(year)s: kept as set here, against the notice: %(days)s.")
                % {"year": done.year, "days": _list(done.kept)}
            )
        if done.unmatched:
            self.warn(
                _("%(year)s: not in the notice, please look at: %(days)s.")
                % {"year": done.year, "days": _list(done.unmatched)}
            )

    def warn(self, words):
        self.stderr.write(self.style.WARNING(words))
