from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Struck(models.Model):
    """A supervision taken off the board (销号): somebody above has looked at the answer and is content with it."""

    supervision = models.OneToOneField(
        "events.Supervision", models.CASCADE, related_name="struck", verbose_name=_("supervision")
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"))
    words = models.CharField(_("words"), max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("answer accepted")
        verbose_name_plural = _("answers accepted")

    def __str__(self):
        return f"{self.supervision_id} {self.at:%Y-%m-%d}"
