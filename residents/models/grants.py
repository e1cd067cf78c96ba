from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from grids.scope import Scope

ADMINISTER = "residents.change_datagrant"


class DataGrantQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Grants of departments in the subtree this person administers; a department's own for its people."""
        scope = Scope.of(user)
        return self.filter(
            scope.permission_q(ADMINISTER, "unit__grid__path") | Q(unit_id__in=scope.department_ids)
        )

    def on(self, day=None):
        """Grants in force on `day` (today if not given)."""
        day = day or timezone.localdate()
        return self.filter(since__lte=day, until__gt=day)


class DataGrant(models.Model):
    """Single fields of residents' base data that a department's system may read in the department's jurisdiction, for
    one purpose, from a day until a day. `fields` are names of residents.grants.FIELDS."""

    unit = models.ForeignKey(
        "grids.Unit", models.PROTECT, related_name="data_grants", verbose_name=_("department")
    )
    fields = models.JSONField(_("fields"), default=list)
    purpose = models.CharField(_("purpose"), max_length=200)
    legal_basis = models.CharField(_("legal basis"), max_length=200)
    since = models.DateField(_("since"), default=timezone.localdate)
    until = models.DateField(_("until"), help_text=_("First day it is no longer in force."))
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, related_name="+",
        verbose_name=_("granted by"),
    )  # fmt: skip

    objects = DataGrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("grant of base data")
        verbose_name_plural = _("grants of base data")
        ordering = ["unit_id", "since", "pk"]
        constraints = [
            models.CheckConstraint(
                name="residents_datagrant_period",
                condition=Q(until__gt=F("since")),
                violation_error_message=_("A grant must end after it begins."),
            ),
            models.CheckConstraint(
                name="residents_datagrant_reasoned",
                condition=~Q(purpose="") & ~Q(legal_basis=""),
                violation_error_message=_("A grant needs a purpose and a legal basis."),
            ),
        ]

    def __str__(self):
        return f"{self.unit} {self.since} – {self.until}"
