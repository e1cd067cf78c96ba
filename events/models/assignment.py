from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from events.models.standard import LimitUnit
from events.workflow import Stage


class Assignment(models.Model):
    """One unit's turn at one event, from dispatch to feedback or return. What scores of departments count."""

    class Outcome(models.TextChoices):
        OPEN = "open", _("In work")
        FED_BACK = "fed_back", _("Fed back")
        RETURNED = "returned", _("Returned")
        PASSED = "passed", _("Verified")
        REWORK = "rework", _("Sent back")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    event = models.ForeignKey(
        "events.Event", models.CASCADE, related_name="assignments", verbose_name=_("event")
    )
    unit = models.ForeignKey(
        "grids.Unit", models.PROTECT, db_index=False, related_name="assignments", verbose_name=_("unit")
    )
    lead = models.BooleanField(_("leads"), default=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, default=Outcome.OPEN)
    dispatched_at = models.DateTimeField(_("dispatched"))
    signed_at = models.DateTimeField(_("signed for"), null=True, blank=True)
    due_at = models.DateTimeField(_("due"))
    ended_at = models.DateTimeField(_("fed back or returned"), null=True, blank=True)
    late = models.BooleanField(_("late"), default=False)
    exempt = models.BooleanField(_("exempt by appeal"), default=False)
    used_share = models.FloatField(_("used share of the limit"), null=True, blank=True)
    words = models.CharField(_("what was done"), max_length=2000, blank=True, default="")

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering = ["event_id", "pk"]
        constraints = [
            models.UniqueConstraint(
                name="events_assignment_one_open", fields=["event", "unit"], condition=Q(outcome="open")
            )
        ]
        indexes = [
            models.Index(name="events_assignment_unit", fields=["unit", "event"]),
            models.Index(name="events_assignment_due", fields=["due_at"]),
        ]

    def __str__(self):
        return f"{self.event} · {self.unit}"


class StageRecord(models.Model):
    """One finished stage of one event: who had it, from when to when, and whether it was late."""

    event = models.ForeignKey("events.Event", models.CASCADE, related_name="stages", verbose_name=_("event"))
    stage = models.CharField(_("stage"), max_length=10, choices=Stage)
    unit = models.ForeignKey("grids.Unit", models.PROTECT, related_name="stages", verbose_name=_("unit"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who ended it"),
    )
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"))
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    late = models.BooleanField(_("late"), default=False)
    exempt = models.BooleanField(_("exempt by appeal"), default=False)
    used_share = models.FloatField(_("used share of the limit"), null=True, blank=True)

    class Meta:
        verbose_name = _("finished stage")
        verbose_name_plural = _("finished stages")
        ordering = ["event_id", "pk"]
        indexes = [models.Index(name="events_stagerecord_ended", fields=["stage", "ended_at"])]

    def __str__(self):
        return f"{self.event} · {self.get_stage_display()}"


class TimeRequest(models.Model):
    """A lead unit asks for more time (延期); at most two are granted, and only before the deadline."""

    event = models.ForeignKey(
        "events.Event", models.CASCADE, related_name="time_requests", verbose_name=_("event")
    )
    unit = models.ForeignKey("grids.Unit", models.PROTECT, related_name="+", verbose_name=_("unit"))
    asked_at = models.DateTimeField(_("asked"))
    amount = models.DecimalField(_("amount"), max_digits=7, decimal_places=2)
    amount_unit = models.CharField(pgettext_lazy("of time", "unit"), max_length=12, choices=LimitUnit)
    words = models.CharField(_("reason"), max_length=2000)
    granted = models.BooleanField(_("granted"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    class Meta:
        verbose_name = _("request for more time")
        verbose_name_plural = _("requests for more time")
        ordering = ["event_id", "pk"]
        constraints = [
            models.UniqueConstraint(
                name="events_timerequest_one_open", fields=["event"], condition=Q(granted=None)
            )
        ]

    def __str__(self):
        return f"{self.event} +{self.amount_words}"

    @property
    def amount_words(self) -> str:
        return LimitUnit(self.amount_unit).words(self.amount)
