from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.sql import WritingTransaction
from events.workflow import ACTIONS, Status


class Transition(models.Model):
    """One step of one event: audit and outbox. Append-only: a database trigger refuses UPDATE and DELETE.

    The rows of an event are numbered by `seq` and chained: `hash` covers the row and the hash before it
    (events.chain). `key` is the caller's idempotency key. `xact` orders the feed so that a reader who comes back
    with a cursor never misses a row that was committed late.
    """

    event = models.ForeignKey(
        "events.Event", models.PROTECT, db_index=False, related_name="transitions", verbose_name=_("event")
    )
    seq = models.PositiveIntegerField(_("number"))
    action = models.CharField(_("action"), max_length=16, choices=ACTIONS)
    source = models.CharField(pgettext_lazy("status", "from"), max_length=12, choices=Status, blank=True, default="")
    target = models.CharField(pgettext_lazy("status", "to"), max_length=12, choices=Status)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="transitions",
        verbose_name=_("who"),
    )
    unit = models.ForeignKey(
        "grids.Unit",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="transitions",
        verbose_name=_("unit"),
    )
    at = models.DateTimeField(_("when"))
    words = models.TextField(_("words"), blank=True, default="")
    lon = models.FloatField(null=True, blank=True)
    lat = models.FloatField(null=True, blank=True)
    photos = models.JSONField(_("photos"), default=list, help_text=_("SHA-256 of each, in order."))
    facts = models.JSONField(
        _("facts"), default=dict, help_text=_("What else was supplied: ids, limits, stars.")
    )
    key = models.CharField(max_length=64, null=True, blank=True)
    prev_hash = models.CharField(_("hash of the one before"), max_length=64, blank=True, default="")
    hash = models.CharField(_("hash"), max_length=64)
    xact = models.BigIntegerField(db_default=WritingTransaction(), editable=False)

    class Meta:
        verbose_name = pgettext_lazy("history", "step")
        verbose_name_plural = _("steps")
        ordering = ["event_id", "seq"]
        permissions = [("locate_worker", "See where workers were last today 人员位置")]
        constraints = [
            models.UniqueConstraint(name="events_transition_seq", fields=["event", "seq"]),
            models.UniqueConstraint(
                name="events_transition_key", fields=["actor", "key"], condition=Q(key__isnull=False)
            ),
        ]
        indexes = [
            models.Index(name="events_transition_feed", fields=["xact", "id"]),
            models.Index(name="events_transition_at", fields=["at"]),
        ]

    def __str__(self):
        return f"{self.event} / {self.seq} {self.get_action_display()}"


class Seal(models.Model):
    """The daily seal: a hash over the heads of all chains that moved since the seal before, and that seal's hash."""

    until = models.DateTimeField(
        _("until"), unique=True, help_text=_("Steps before this instant are covered.")
    )
    chains = models.PositiveIntegerField(_("chains that moved"))
    prev_hash = models.CharField(_("hash of the one before"), max_length=64, blank=True, default="")
    hash = models.CharField(_("hash"), max_length=64)
    made_at = models.DateTimeField(_("made"), auto_now_add=True)

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        ordering = ["until"]

    def __str__(self):
        # The day it closes: `until` is the midnight after it.
        return f"{timezone.localtime(self.until) - timedelta(seconds=1):%Y-%m-%d}"


class SealedHead(models.Model):
    """The head of one chain as a seal saw it. No foreign key to the event: it must outlive a deletion."""

    seal = models.ForeignKey(Seal, models.PROTECT, related_name="heads", verbose_name=_("seal"))
    event_id = models.BigIntegerField(_("event id"), db_index=True)
    seq = models.PositiveIntegerField(_("step"))
    hash = models.CharField(_("hash"), max_length=64)

    class Meta:
        verbose_name = _("sealed head")
        verbose_name_plural = _("sealed heads")
        constraints = [models.UniqueConstraint(name="events_sealedhead_once", fields=["seal", "event_id"])]

    def __str__(self):
        return f"{self.event_id}/{self.seq}"
