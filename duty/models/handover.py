from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from grids.scope import Scope


class HandOverQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those of units at or below this person's centres and grids, and of the person's own units."""
        scope = Scope.of(user)
        if not scope.may("duty.view_handover"):
            return self.none()
        return self.filter(scope.q("unit__grid__path") | Q(unit__in=scope.unit_ids))

    def waiting(self):
        """Not accepted yet."""
        return self.filter(accepted_at=None)


class HandOver(models.Model):
    """What one shift leaves to the next (交接班). Once accepted, triggers refuse every change; remarks may follow.

    `snapshot`: what the unit had open, late, supervised and called at that moment (duty.snapshot).
    """

    unit = models.ForeignKey(
        "grids.Unit", models.PROTECT, db_index=False, related_name="hand_overs", verbose_name=_("unit")
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("handed over by")
    )
    written_at = models.DateTimeField(_("handed over"))
    changed_at = models.DateTimeField(_("changed"), null=True, blank=True)
    words = models.TextField(_("what happened on the shift"), max_length=4000)
    things = models.CharField(_("things handed over or borrowed"), max_length=1000, blank=True, default="")
    snapshot = models.JSONField(_("what was open"), default=dict)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("accepted by"),
    )
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)

    objects = HandOverQuerySet.as_manager()

    class Meta:
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="duty_handover_accepted_by_somebody",
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False),
            ),
            models.UniqueConstraint(
                name="duty_handover_one_waiting",
                fields=["unit"],
                condition=Q(accepted_at=None),
                violation_error_message=_("A hand-over of this unit still waits to be accepted."),
            ),
        ]
        indexes = [models.Index(name="duty_handover_unit", fields=["unit", "-id"])]

    def __str__(self):
        return f"{self.unit_id} {self.written_at:%Y-%m-%d %H:%M}"


class Matter(models.Model):
    """One open matter of a hand-over (未尽事项), with its event if it is about one."""

    hand_over = models.ForeignKey(HandOver, models.CASCADE, related_name="matters")
    position = models.PositiveSmallIntegerField(default=0)
    event = models.ForeignKey(
        "events.Event", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("event")
    )
    words = models.CharField(_("what is open"), max_length=500)

    class Meta:
        verbose_name = _("open matter")
        verbose_name_plural = _("open matters")
        ordering = ["hand_over_id", "position"]

    def __str__(self):
        return self.words[:40]


class Remark(models.Model):
    """Said afterwards to an accepted hand-over; append-only."""

    hand_over = models.ForeignKey(HandOver, models.PROTECT, related_name="remarks")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"))
    words = models.CharField(_("words"), max_length=1000)

    class Meta:
        verbose_name = _("remark")
        verbose_name_plural = _("remarks")
        ordering = ["pk"]

    def __str__(self):
        return self.words[:40]
