from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from rest_framework_api_key.models import AbstractAPIKey, BaseAPIKeyManager


class UnitKeyManager(BaseAPIKeyManager):
    def with_user(self):
        return self.get_usable_keys().select_related("user")


class UnitKey(AbstractAPIKey):
    """A department system's key. It acts as `user`, a machine account whose post in the unit says what it may do."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="unit_keys",
        limit_choices_to={"kind": "machine"},
        verbose_name=_("acts as"),
    )

    # The library's own, in our words.
    prefix = models.CharField(_("prefix"), max_length=8, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=50, default=None, help_text=_("What the key is for."))
    created = models.DateTimeField(_("made"), auto_now_add=True, db_index=True)
    expiry_date = models.DateTimeField(
        _("valid until"), null=True, blank=True, help_text=_("Empty: without an end.")
    )
    revoked = models.BooleanField(
        _("revoked"), default=False, blank=True, help_text=_("Nobody comes in with it any more, for good.")
    )

    objects = UnitKeyManager()

    class Meta(AbstractAPIKey.Meta):
        verbose_name = _("department key")
        verbose_name_plural = _("department keys")
