"""Passwords that somebody else has made: good for one log-in, then their owner chooses another."""

from django.contrib.auth.forms import SetPasswordForm
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core.errors import Refused


class InitialPassword(Refused):
    """This person still has the password of an import: nothing is open but the page where they choose their own."""

    code = "initial_password"
    title = gettext_lazy("Choose a password of your own first: this one came with the staff roll.")

    def __init__(self):
        super().__init__(page=reverse("accounts:initial-password"))


@transaction.atomic
def choose(*, user: User, password: str):
    """A person's own password. It ends the other sessions and all tokens, and opens the rest of the system."""
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])


class OwnPasswordForm(SetPasswordForm):
    """Twice the new password, which must not be the initial one."""

    def clean_new_password1(self):
        password = self.cleaned_data["new_password1"]
        if self.user.check_password(password):
            raise ValidationError(_("This is the initial password: choose another one."))
        return password

    def save(self, commit=True):
        choose(user=self.user, password=self.cleaned_data["new_password1"])
        return self.user
