from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.fields import EncryptedField
from grids.scope import Scope


class UnitDuty(models.Model):
    """How a unit is on duty: whether its desk must be staffed around the clock, and the phone that always rings."""

    unit = models.OneToOneField(
        "grids.Unit", models.CASCADE, related_name="duty", verbose_name=_("unit"), primary_key=True
    )
    staffed = models.BooleanField(
        _("staffed 24 hours"), default=False, help_text=_("A gap in the roster is then a warning.")
    )
    phone = models.CharField(
        _("duty phone"),
        max_length=32,
        blank=True,
        default="",
        help_text=_("Rings where nobody is on the roster. Empty: the unit's office phone."),
    )

    class Meta:
        verbose_name = _("duty of a unit")
        verbose_name_plural = _("duties of units")

    def __str__(self):
        return str(self.unit)


class ShiftQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Shifts of units within this person's land, and of the person's own ones."""
        scope = Scope.of(user)
        if not scope.may("duty.view_shift"):
            return self.none()
        return self.filter(scope.land_q("unit__grid__path") | Q(unit__in=scope.unit_ids))

    def at(self, now):
        """Those that run at `now`."""
        return self.filter(starts_at__lte=now, ends_at__gt=now)

    def between(self, start, end):
        """Those of which some part lies in [start, end)."""
        return self.filter(starts_at__lt=end, ends_at__gt=start)


class Shift(models.Model):
    """One person on duty for one unit from an instant until an instant (班次). Only duty.services writes it."""

    class Role(models.TextChoices):
        LEADER = "leader", _("Leader on duty 带班领导")
        CHIEF = "chief", _("Head of the shift 值班长")
        WATCH = "watch", _("On watch 值班员")

    unit = models.ForeignKey(
        "grids.Unit", models.PROTECT, db_index=False, related_name="shifts", verbose_name=_("unit")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="shifts",
        verbose_name=_("person"),
    )
    name = models.CharField(
        pgettext_lazy("person", "name"), max_length=60, help_text=_("As it stands on the roster.")
    )
    role = models.CharField(_("role on the shift"), max_length=8, choices=Role, default=Role.WATCH)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    phone = EncryptedField(_("phone for warnings"), blank=True, default="")
    note = models.CharField(_("note"), max_length=200, blank=True, default="")

    objects = ShiftQuerySet.as_manager()

    class Meta:
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        ordering = ["unit_id", "starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="duty_shift_period",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message=_("A shift must end after it begins."),
            ),
            models.CheckConstraint(
                name="duty_shift_role_known", condition=Q(role__in=["leader", "chief", "watch"])
            ),
            models.UniqueConstraint(
                name="duty_shift_once",
                fields=["unit", "starts_at", "role", "name"],
                violation_error_message=_("This person stands on this shift already."),
            ),
        ]
        indexes = [models.Index(name="duty_shift_ends", fields=["unit", "ends_at"])]

    def __str__(self):
        return f"{self.name} {self.starts_at:%m-%d %H:%M}"


class RosterChange(models.Model):
    """What was changed on a roster, by whom: append-only by a trigger. Phones stand in it masked."""

    class Action(models.TextChoices):
        ADD = "add", _("Added")
        CHANGE = "change", _("Changed")
        REMOVE = "remove", _("Removed")
        COPY = "copy", _("Copied from the week before")
        IMPORT = "import", _("Imported")
        DUTY = "duty", _("Duty of the unit")

    unit = models.ForeignKey(
        "grids.Unit", models.PROTECT, db_index=False, related_name="roster_changes", verbose_name=_("unit")
    )
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    action = models.CharField(pgettext_lazy("done", "what"), max_length=8, choices=Action)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)

    class Meta:
        verbose_name = _("change of a roster")
        verbose_name_plural = _("changes of rosters")
        ordering = ["-id"]
        indexes = [models.Index(name="duty_rosterchange_unit", fields=["unit", "-id"])]

    def __str__(self):
        return f"{self.unit_id} {self.get_action_display()}"
