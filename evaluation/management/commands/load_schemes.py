from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from evaluation import schemes


class Command(BaseCommand):
    help = "Add the shipped scoring scheme of every kind that has none; edited ones are left alone."

    def handle(self, *args, **options):
        made = schemes.load_defaults()
        for scheme in made:
            self.stdout.write(f"{scheme.get_kind_display()}: {scheme.name}")
        if not made:
            self.stdout.write(_("There are schemes already; nothing was changed."))
