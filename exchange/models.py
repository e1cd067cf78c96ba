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

    objects = UnitKeyManager()

    class Meta(AbstractAPIKey.Meta):
        verbose_name = _("department key")
        verbose_name_plural = _("department keys")
