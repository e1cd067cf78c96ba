from django.contrib.auth.models import AbstractUser
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import faces
from core import ciphers
from core.fields import EncryptedField


class User(AbstractUser):
    """A person (or a department's machine) that logs in. What they may do comes from their posts, not from here."""

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        MACHINE = "machine", _("Department system")

    first_name = None
    last_name = None
    name = models.CharField(pgettext_lazy("person", "name"), max_length=60, blank=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.PERSON)
    phone = EncryptedField(_("phone"), blank=True, default="")
    id_number = EncryptedField(_("ID number"), blank=True, default="")
    id_number_hash = models.CharField(max_length=64, blank=True, default="", editable=False, db_index=True)
    staff_number = models.CharField(
        _("staff number"), max_length=32, unique=True, null=True, blank=True, help_text=_("Used by imports.")
    )
    must_change_password = models.BooleanField(
        _("must choose a new password"),
        default=False,
        db_default=False,
        help_text=_("Until then nothing else is open. Set by imports that make passwords."),
    )

    REQUIRED_FIELDS = ["name"]

    class Meta(AbstractUser.Meta):
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.CheckConstraint(
                name="accounts_user_kind_known", condition=models.Q(kind__in=["person", "machine"])
            )
        ]

    def __str__(self):
        return self.name or self.username

    def save(self, *args, **kwargs):
        self.id_number_hash = ciphers.keyed_hash(self.id_number)
        renewed = (
            self.pk is not None and self._password is not None
        )  # not where a log-in renews the hash only
        super().save(*args, **kwargs)
        if renewed:
            self.auth_token_set.all().delete()  # a phone that was lost must not stay logged in

    def delete(self, *args, **kwargs):
        held = Portrait.objects.filter(user=self.pk).first()
        done = super().delete(*args, **kwargs)
        if held is not None:
            held.drop_file()
        return done

    def get_full_name(self):
        return self.name or self.username

    def get_short_name(self):
        return self.name or self.username

    @property
    def masked_phone(self):
        return ciphers.mask_phone(self.phone)

    @property
    def masked_id_number(self):
        return ciphers.mask_id_number(self.id_number)


class Portrait(models.Model):
    """The photo of somebody who works in a grid: on contact card, sign and grid page. Written by accounts.portraits."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="portrait")
    file = models.FileField(_("photo"), upload_to=faces.place, max_length=80)

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")

    def __str__(self):
        return str(self.user)

    @property
    def version(self) -> str:
        """Tells a browser that the picture is another one now."""
        return self.file.name.rpartition("/")[2][:8]

    def drop_file(self):
        """Once this is committed. A disk that keeps it stops nobody: the night's job tries again."""
        transaction.on_commit(lambda: self.file.storage.delete(self.file.name), robust=True)
