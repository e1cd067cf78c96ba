from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from events.services import history


class Command(BaseCommand):
    help = "Seal every whole day that is not sealed yet (the schedule does it at 00:20)."

    def handle(self, *args, **options):
        made = history.seal_due()
        for seal in made:
            words = _("%(day)s: %(count)s chains, %(hash)s")
            self.stdout.write(words % {"day": seal, "count": seal.chains, "hash": seal.hash})
        if not made:
            self.stdout.write(_("Nothing to seal."))
