from collections import Counter

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from grids.scope import Scope


class DepartmentKind(models.Model):
    """A line of administration (条线): urban management, police, civil affairs … Standards name it, not a unit."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=40)
    name_en = models.CharField(_("English name"), max_length=60, blank=True, default="")
    sort = models.PositiveSmallIntegerField(_("order"), default=100)

    class Meta:
        verbose_name = _("department kind")
        verbose_name_plural = _("department kinds")
        ordering = ["sort", "code"]

    def __str__(self):
        return self.name


class UnitQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Units whose jurisdiction lies within this person's land, and the person's own."""
        scope = Scope.of(user)
        return self.filter(scope.land_q("grid__path") | Q(pk__in=scope.unit_ids))

    def waited_for(self) -> Counter:
        """How many open events lie with each of these units or come back to it; by id, only those with any: one query."""
        events = self.model._meta.get_field("held_events").related_model.objects.open()  # of an app right of this one
        ids = set(self.order_by().values_list("pk", flat=True))
        rows = events.filter(Q(holder__in=ids) | Q(centre__in=ids) | Q(lead__in=ids)).order_by()
        named = rows.values_list("holder_id", "centre_id", "lead_id")
        return Counter(pk for units in named for pk in ids.intersection(units))

    def covering(self, path: str):
        """Units whose jurisdiction contains the grid with `path`: those at it or above it."""
        ids = [int(part) for part in path.strip("/").split("/") if part]
        return self.filter(grid_id__in=ids)


class Unit(models.Model):
    """Whoever an event can lie with: the centre of a grid at level 0–3, or a department with a jurisdiction."""

    class Kind(models.TextChoices):
        CENTRE = "centre", _("Centre 中心")
        DEPARTMENT = "department", _("Department 责任单位")

    DEEPEST = {Kind.CENTRE: 3, Kind.DEPARTMENT: 2}  # the lowest level of grid that may have one

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    name = models.CharField(pgettext_lazy("unit", "name"), max_length=80)
    code = models.CharField(_("code"), max_length=40, unique=True)
    grid = models.ForeignKey(
        "grids.Grid", models.PROTECT, related_name="units", verbose_name=_("territory or jurisdiction")
    )
    department_kind = models.ForeignKey(
        DepartmentKind,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="units",
        verbose_name=_("department kind"),
    )
    phone = models.CharField(_("office phone"), max_length=32, blank=True, default="")
    active = models.BooleanField(_("active"), default=True)

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ["grid__path", "kind", "name"]
        constraints = [
            models.CheckConstraint(
                name="grids_unit_department_has_kind",
                condition=Q(kind="centre", department_kind=None)
                | Q(kind="department", department_kind__isnull=False),
                violation_error_message=_("A department has a department kind, a centre has none."),
            ),
            models.UniqueConstraint(
                name="grids_unit_one_centre_per_grid",
                fields=["grid"],
                condition=Q(kind="centre", active=True),
                violation_error_message=_("This grid has a centre already."),
            ),
            models.UniqueConstraint(
                name="grids_unit_one_department_per_jurisdiction",
                fields=["grid", "department_kind"],
                condition=Q(kind="department", active=True),
                violation_error_message=_("This jurisdiction has a department of this kind already."),
            ),
        ]

    def __str__(self):
        return self.name
