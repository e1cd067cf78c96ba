from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from gridcenter.screen import panels

MEASURES = [("late", _("Late")), ("open", _("Open")), ("closing", _("Closing rate"))]
ROUND_SECONDS = (5, 600)


class ScreenLayout(models.Model):
    """A composition of the wall screen (大屏版式): which panel stands where. Shipped ones: screen.layouts."""

    code = models.SlugField(_("code"), max_length=20, unique=True, help_text=_("Stands in the address."))
    name = models.CharField(_("name"), max_length=20)
    name_en = models.CharField(_("English name"), max_length=40, blank=True, default="")
    sort = models.PositiveSmallIntegerField(_("order"), default=100)
    active = models.BooleanField(_("offered"), default=True)
    measure = models.CharField(_("the map is coloured by"), max_length=10, choices=MEASURES, default="late")
    round_seconds = models.PositiveSmallIntegerField(
        _("seconds per territory on an unattended round"),
        default=20,
        validators=[MinValueValidator(ROUND_SECONDS[0]), MaxValueValidator(ROUND_SECONDS[1])],
    )
    places = models.JSONField(
        _("places"),
        help_text=_(
            "A list of places on a screen of 24 columns and 24 rows: "
            '{"panel": "late", "x": 1, "y": 7, "w": 6, "h": 9}. Panels and how small they may be: docs/screen.md.'
        ),
    )

    class Meta:
        verbose_name = _("screen layout")
        verbose_name_plural = _("screen layouts")
        ordering = ["sort", "code"]
        permissions = [("view_screen", "Open the wall screen 大屏")]
        constraints = [
            models.CheckConstraint(
                name="screen_layout_round",
                condition=Q(round_seconds__gte=ROUND_SECONDS[0], round_seconds__lte=ROUND_SECONDS[1]),
                violation_error_message=_("A round stays 5 to 600 seconds at each territory."),
            ),
            models.CheckConstraint(
                name="screen_layout_measure", condition=Q(measure__in=[name for name, _label in MEASURES])
            ),
        ]

    def __str__(self):
        return self.title

    @property
    def title(self) -> str:
        """The name in the reader's language."""
        english = (get_language() or "").startswith("en")
        return self.name_en if english and self.name_en else self.name

    def clean(self):
        if found := panels.faults(self.places):
            raise ValidationError({"places": found})
