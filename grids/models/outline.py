"""What the map draws of the grids: simplified outlines and one place for each grid, made from the boundaries."""

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from grids.models.grid import Grid


class OutlineQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(grid__in=Grid.objects.visible_to(user))


class Outline(models.Model):
    """A grid's boundary in web mercator, simplified for the zooms of a `band` together with all of its level.

    Neighbours are simplified as one coverage: their common line stays common. Made by grids.services.outlines.
    """

    grid = models.ForeignKey(Grid, models.CASCADE, db_index=False, related_name="outlines", verbose_name=_("grid"))
    band = models.PositiveSmallIntegerField()
    shape = models.GeometryField(srid=3857)

    objects = OutlineQuerySet.as_manager()

    class Meta:
        verbose_name = _("simplified outline")
        verbose_name_plural = _("simplified outlines")
        constraints = [models.UniqueConstraint(name="grids_outline_once", fields=["grid", "band"])]

    def __str__(self):
        return f"{self.grid_id}/{self.band}"


class Anchor(models.Model):
    """Where a grid's name and sums stand on the map. Former grids have one, too: events still lie in them."""

    grid = models.OneToOneField(Grid, models.CASCADE, primary_key=True, related_name="anchor", verbose_name=_("grid"))
    lon = models.FloatField()
    lat = models.FloatField()

    objects = OutlineQuerySet.as_manager()

    class Meta:
        verbose_name = _("place of a grid on the map")
        verbose_name_plural = _("places of grids on the map")

    def __str__(self):
        return f"{self.grid_id} {self.lon:.5f} {self.lat:.5f}"


class OutlineStamp(models.Model):
    """Of which boundaries (core.versions "outlines") and which day the outlines are. One row."""

    version = models.BigIntegerField()
    day = models.DateField()

    def __str__(self):
        return f"{self.version} {self.day}"



