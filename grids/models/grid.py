from django.contrib.gis.db import models
from django.core.exceptions import ValidationError
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from grids.scope import Scope

MAX_LEVEL = 4


class GridQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The grids below (and at) this person's posts of today; nothing without a post."""
        return self.filter(Scope.of(user).land_q("path"))

    def valid_on(self, day=None):
        """Grids in force on `day` (today if not given)."""
        day = day or timezone.localdate()
        return self.filter(Q(valid_until=None) | Q(valid_until__gt=day), valid_from__lte=day)

    def overlapping(self, valid_from, valid_until):
        """Grids in force on some day of [valid_from, valid_until); no end: for ever."""
        later = Q(valid_until=None) | Q(valid_until__gt=valid_from)
        sooner = Q(valid_from__lt=valid_until) if valid_until else Q()
        return self.filter(later, sooner)

    def below(self, grid):
        """`grid` and everything under it."""
        return self.filter(path__startswith=grid.path)


class LevelName(models.Model):
    """What a level is called here (片区, 镇街, 村社区, 网格 …): differs by place, so it is data."""

    level = models.PositiveSmallIntegerField(_("level"), unique=True)
    name = models.CharField(_("name"), max_length=20)

    class Meta:
        verbose_name = _("level name")
        verbose_name_plural = _("level names")
        ordering = ["level"]
        constraints = [
            models.CheckConstraint(
                name="grids_levelname_level",
                condition=Q(level__gte=0, level__lte=MAX_LEVEL),
                violation_error_message=_("A grid's level is 0 to 4."),
            )
        ]

    def __str__(self):
        return f"{self.level} {self.name}"


class Grid(models.Model):
    """A piece of the territory (网格), level 0 (the whole) to 4 (one worker's grid).

    `path` is the materialised path of ids, "/1/14/233/": kept by a database trigger, which also refuses a child
    that is not exactly one level below its parent. Grids are never re-used: a redrawn one gets an end of validity
    and a successor. On no day are two grids of one code in force, or two whole territories (`grids/once.py`).
    """

    code = models.CharField(_("code"), max_length=20, help_text=_("12 digits, a grid 15 (village + 3)."))
    name = models.CharField(pgettext_lazy("grid", "name"), max_length=80)
    level = models.PositiveSmallIntegerField(_("level"))
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("parent")
    )
    path = models.CharField(max_length=120, editable=False, default="", db_index=False)
    valid_from = models.DateField(_("valid from"), default=timezone.localdate)
    valid_until = models.DateField(
        _("valid until"), null=True, blank=True, help_text=_("First day it is no longer in force.")
    )
    boundary = models.MultiPolygonField(_("boundary"), srid=4326, null=True, blank=True)
    colour = models.CharField(_("colour"), max_length=7, default="#4a7ebb")
    synthetic = models.BooleanField(
        _("synthetic shape"), default=False, help_text=_("The boundary was generated for a demonstration.")
    )

    objects = GridQuerySet.as_manager()

    class Meta:
        verbose_name = _("grid")
        verbose_name_plural = _("grids")
        ordering = ["path"]
        constraints = [
            models.CheckConstraint(
                name="grids_grid_level_range",
                condition=Q(level__gte=0, level__lte=MAX_LEVEL),
                violation_error_message=_("A grid's level is 0 to 4."),
            ),
            models.CheckConstraint(
                name="grids_grid_only_root_has_no_parent",
                condition=Q(level=0, parent=None) | Q(level__gt=0, parent__isnull=False),
                violation_error_message=_("Only the grid of level 0 has no parent."),
            ),
            models.CheckConstraint(
                name="grids_grid_period",
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                violation_error_message=_("A grid must end after it begins."),
            ),
            models.UniqueConstraint(
                name="grids_grid_code_valid",
                fields=["code"],
                condition=Q(valid_until=None),
                violation_error_message=_("There is a valid grid with this code already."),
            ),
            models.UniqueConstraint(
                name="grids_grid_one_root",
                fields=["level"],
                condition=Q(level=0, valid_until=None),
                violation_error_message=_("There is a whole territory (level 0) already."),
            ),
        ]
        indexes = [models.Index(name="grids_grid_path", fields=["path"], opclasses=["varchar_pattern_ops"])]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        # The database's trigger has computed the same path.
        self.path = f"{self.parent.path if self.parent_id else '/'}{self.pk}/"

    @property
    def ancestor_ids(self) -> list[int]:
        """Ids from the root down to this grid."""
        return [int(part) for part in self.path.strip("/").split("/") if part]

    def validate_constraints(self, exclude=None):
        """Also what `grids/once.py` holds in the database: the constraints above know only grids without an end."""
        super().validate_constraints(exclude)
        if self.valid_from is None or (exclude and "valid_from" in exclude):
            return
        others = Grid.objects.overlapping(self.valid_from, self.valid_until).exclude(pk=self.pk).order_by("valid_from")
        if other := others.filter(code=self.code).values("valid_from", "valid_until").first():
            words = _(
                "There is a grid with this code from %(valid_from)s, until %(valid_until)s: expected days that are not "
                "among these."
            )
            raise ValidationError(words % _days(other))
        if self.level == 0 and (other := others.filter(level=0).values("valid_from", "valid_until").first()):
            words = _(
                "There is a whole territory (level 0) from %(valid_from)s, until %(valid_until)s: expected days that "
                "are not among these."
            )
            raise ValidationError(words % _days(other))

    def clean(self):
        if self.parent and self.level != self.parent.level + 1:
            raise ValidationError(
                {
                    "level": _("A child is exactly one level below its parent: expected %(level)s.")
                    % {"level": self.parent.level + 1}
                }
            )


def _days(period: dict) -> dict:
    return {"valid_from": period["valid_from"], "valid_until": period["valid_until"] or "…"}
