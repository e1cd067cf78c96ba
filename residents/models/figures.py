from django.db import models
from django.utils.translation import gettext_lazy as _

from residents.models.base import RegistryQuerySet


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
        return f"{self.grid_id} {self.measure} {self.amount}"
