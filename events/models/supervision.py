from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Supervision(models.Model):
    """A higher centre asks for an answer by a date (督办)."""

    event = models.ForeignKey(
        "events.Event", models.CASCADE, related_name="supervisions", verbose_name=_("event")
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    unit = models.ForeignKey(
        "grids.Unit", models.PROTECT, null=True, related_name="+", verbose_name=_("supervising unit")
    )
    asked_unit = models.ForeignKey(
        "grids.Unit", models.PROTECT, related_name="supervisions", verbose_name=_("asked unit")
    )
    asked_at = models.DateTimeField(pgettext_lazy("supervision", "asked"))
    words = models.CharField(_("words"), max_length=2000)
    answer_by = models.DateTimeField(_("answer by"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answer = models.CharField(_("answer"), max_length=2000, blank=True, default="")
    noted = models.BooleanField(
        _("noted"), default=False, help_text=_("That no answer came in time was noted.")
    )

    class Meta:
        verbose_name = _("supervision")
        verbose_name_plural = _("supervisions")
        ordering = ["event_id", "pk"]
        # The board's look back; open ones are found by their events.
        indexes = [models.Index(name="events_supervision_asked", fields=["asked_at"])]

    def __str__(self):
        return f"{self.event} · {self.words[:30]}"


class Whistle(models.Model):
    """A station or sub-centre calls several units to a place at once (吹哨)."""

    event = models.ForeignKey(
        "events.Event", models.CASCADE, related_name="whistles", verbose_name=_("event")
    )
    unit = models.ForeignKey(
        "grids.Unit", models.PROTECT, related_name="whistles", verbose_name=_("calling unit")
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    called_at = models.DateTimeField(_("called"))
    place = models.CharField(_("where"), max_length=200)
    location = models.PointField(_("location"), srid=4326, null=True, blank=True)
    come_by = models.DateTimeField(_("come by"))
    words = models.CharField(_("words"), max_length=2000, blank=True, default="")

    class Meta:
        verbose_name = _("whistle")
        verbose_name_plural = _("whistles")
        ordering = ["event_id", "pk"]

    def __str__(self):
        return f"{self.event} · {self.place}"


class WhistleCall(models.Model):
    """One called unit: whether it came (报到), when and where, and how the caller rates it."""

    whistle = models.ForeignKey(Whistle, models.CASCADE, related_name="calls", verbose_name=_("whistle"))
    unit = models.ForeignKey(
        "grids.Unit", models.PROTECT, related_name="calls", verbose_name=_("called unit")
    )
    called_at = models.DateTimeField(_("called"))
    come_by = models.DateTimeField(_("come by"))
    arrived_at = models.DateTimeField(_("reported in"), null=True, blank=True)
    arrived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who"),
    )
    location = models.PointField(_("position"), srid=4326, null=True, blank=True)
    distance = models.FloatField(_("metres from the place"), null=True, blank=True)
    stars = models.PositiveSmallIntegerField(_("rating"), null=True, blank=True)
    noted = models.BooleanField(
        _("noted"), default=False, help_text=_("That the unit did not come in time was noted.")
    )
    stars_words = models.CharField(_("rating in words"), max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("whistle call")
        verbose_name_plural = _("whistle calls")
        ordering = ["whistle_id", "pk"]
        constraints = [
            models.UniqueConstraint(name="events_whistlecall_once", fields=["whistle", "unit"]),
            models.CheckConstraint(
                name="events_whistlecall_stars", condition=Q(stars=None) | Q(stars__gte=1, stars__lte=5)
            ),
        ]
        indexes = [models.Index(name="events_whistlecall_unit", fields=["unit", "called_at"])]

    def __str__(self):
        return f"{self.whistle} · {self.unit}"
