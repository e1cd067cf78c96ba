"""Whether web, worker and schedule may start with these settings: uvicorn and celery run no checks of their own."""

from django.core.checks import ERROR, run_checks
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _


class Command(BaseCommand):
    help = "Ends with an error, and one sentence for each, if something in the settings cannot be right for a service."
    requires_system_checks = []  # they are run here, those for a deployment among them, and told in plain words

    def handle(self, *args, **options):
        # Without the database: it may come up later than we do, and /readyz speaks of it.
        found = run_checks(include_deployment_checks=True)
        for one in found:
            if not one.is_silenced():
                self.stderr.write(f"{one.id}: {one.msg} {one.hint or ''}".rstrip())
        wrong = [one for one in found if one.level >= ERROR and not one.is_silenced()]
        if wrong:
            raise CommandError(_("The service does not start with these settings. Mend what is named above."))
