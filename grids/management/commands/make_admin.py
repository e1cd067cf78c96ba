import getpass
import os

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from core.errors import DomainError
from grids.management.output import fail
from grids.services.administrators import make_admin

VARIABLE = "GRIDCENTER_PASSWORD"


class Command(BaseCommand):
    help = (
        "Make a district administrator: a person with a post at a grid of level 0 to 3, who enters the admin and "
        f"manages everything below it. The password comes from {VARIABLE} or is asked for."
    )

    def add_arguments(self, parser):
        parser.add_argument("username")
        parser.add_argument(
            "--grid", required=True, metavar="CODE", help="the code of the grid to administer"
        )
        parser.add_argument("--name", default="", help="the person's name")

    def handle(self, *args, username, grid, name, **options):
        password = os.environ.get(VARIABLE) or self.ask()
        try:
            user, place = make_admin(username=username, grid_code=grid, password=password, name=name)
        except DomainError as error:
            fail(self, error)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        words = _("%(username)s administers %(grid)s and everything below it.")
        self.stdout.write(words % {"username": user.username, "grid": f"{place.code} {place.name}"})

    def ask(self):
        first = getpass.getpass(_("Password: "))
        if first != getpass.getpass(_("The same again: ")):
            raise CommandError(_("The two passwords differ."))
        return first
