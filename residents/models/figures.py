from django.db import models
from django.utils.translation import gettext_lazy as _

from residents.models.base import RegistryQuerySet


class QualityCount(models.Model):
    """What the data-quality board found in one grid when it was last counted: {model: records in force} and
    {check: rows that it finds} (residents.selectors.checks)."""

    grid = models.OneToOneField("grids.Grid", models.CASCADE, related_name="+", verbose_name=_("grid"))
    counted_at = models.DateTimeField(_("counted"))
    totals = models.JSONField(_("records"), default=dict)
    found = models.JSONField(_("rows found"), default=dict)

    objects = RegistryQuerySet.as_manager()

    class Meta:
        verbose_name = _("data quality of a grid")
        verbose_name_plural = _("data quality of grids")

    def __str__(self):
        return f"{self.grid_id} {self.counted_at}"


class GridCount(models.Model):
    """How many of something a grid has, kept by database triggers on every change (residents.figures).

    `measure`: people, people.floating …, households, buildings, dwellings, dwellings.rented …, organisations,
    places, care.<class id>. Statutory registers are not counted here: not even their number is public.
    """

    grid = models.ForeignKey("grids.Grid", models.CASCADE, related_name="+", verbose_name=_("grid"))
    measure = models.CharField(_("measure"), max_length=32)
    amount = models.IntegerField(_("amount"), default=0)

    objects = RegistryQuerySet.as_manager()

    class Meta:
        verbose_name = _("figure of a grid")
        verbose_name_plural = _("figures of grids")
        constraints = [models.UniqueConstraint(name="residents_gridcount_once", fields=["grid", "measure"])]

    def __str__(self):
        return f"{self.grid} {self.amount}"
