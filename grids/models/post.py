from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import roles
from grids.scope import Scope


class PostQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Posts in the grids and units of this person's land."""
        scope = Scope.of(user)
        return self.filter(
            scope.land_q("grid__path") | scope.land_q("unit__grid__path") | Q(user_id=scope.user_id)
        )

    def on(self, day=None):
        """Posts in force on `day` (today if not given)."""
        day = day or timezone.localdate()
        return self.filter(Q(until=None) | Q(until__gt=day), since__lte=day)


class Post(models.Model):
    """Puts a person into a grid or a unit in a role, from a day until a day ("1+N"). Several per person."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="posts", verbose_name=_("person")
    )
    role = models.CharField(_("role"), max_length=20, choices=roles.CHOICES)
    grid = models.ForeignKey(
        "grids.Grid", models.PROTECT, null=True, blank=True, related_name="posts", verbose_name=_("grid")
    )
    unit = models.ForeignKey(
        "grids.Unit", models.PROTECT, null=True, blank=True, related_name="posts", verbose_name=_("unit")
    )
    since = models.DateField(_("from"), default=timezone.localdate)
    until = models.DateField(
        _("until"), null=True, blank=True, help_text=_("First day it is no longer held.")
    )

    objects = PostQuerySet.as_manager()

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        ordering = ["user_id", "since", "pk"]
        constraints = [
            models.CheckConstraint(
                name="grids_post_grid_or_unit",
                condition=Q(grid__isnull=False, unit=None) | Q(grid=None, unit__isnull=False),
                violation_error_message=_("A post is either in a grid or in a unit."),
            ),
            models.CheckConstraint(
                name="grids_post_period",
                condition=Q(until=None) | Q(until__gt=F("since")),
                violation_error_message=_("A post must end after it begins."),
            ),
            models.CheckConstraint(name="grids_post_role_known", condition=Q(role__in=list(roles.ROLES))),
            models.UniqueConstraint(
                name="grids_post_once_in_grid",
                fields=["user", "role", "grid", "since"],
                condition=Q(grid__isnull=False),
                violation_error_message=_("This person holds this post already."),
            ),
            models.UniqueConstraint(
                name="grids_post_once_in_unit",
                fields=["user", "role", "unit", "since"],
                condition=Q(unit__isnull=False),
                violation_error_message=_("This person holds this post already."),
            ),
        ]

    def __str__(self):
        return f"{self.user} · {self.get_role_display()} · {self.grid or self.unit}"

    def clean(self):
        role = roles.ROLES.get(self.role)
        if role is None:
            return
        place = self.grid if role.place == roles.GRID else self.unit
        if place is None:
            name = "grid" if role.place == roles.GRID else "unit"
            raise ValidationError({name: _("This role needs a grid or a unit: this field is empty.")})
        if role.place != roles.GRID and place.kind != role.place:
            raise ValidationError({"unit": _("This role does not exist in a unit of this kind.")})
        level = place.level if role.place == roles.GRID else place.grid.level
        if level not in role.levels:
            raise ValidationError(
                {"role": _("This role does not exist at level %(level)s.") % {"level": level}}
            )
