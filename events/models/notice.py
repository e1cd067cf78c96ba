from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from events.models.event import Event
from events.workflow import ACTIONS


class NoticeQuerySet(models.QuerySet):
    def visible_to(self, user):
        """One's own, nobody else's."""
        return self.filter(user_id=user.pk)

    def with_sight(self, user):
        """Adds `seen`: whether the event is still this person's to see. Of others a line shows no more than the number."""
        return self.annotate(
            seen=Exists(Event.objects.visible_to(user).order_by().filter(pk=OuterRef("event_id")))
        )

    def unread(self):
        return self.filter(read_at=None)


class Notice(models.Model):
    """A line in one person's inbox: this happened to an event that is yours to know of."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        db_index=False,
        related_name="notices",
        verbose_name=_("person"),
    )
    # Written in one statement from a step just taken, and neither steps nor their events can be removed: a check of
    # each line by the database cost as much as writing the step, for a department of 60.
    event = models.ForeignKey(
        "events.Event", models.CASCADE, db_constraint=False, db_index=False, related_name="notices",
        verbose_name=_("event"),
    )  # fmt: skip
    transition = models.ForeignKey(
        "events.Transition", models.PROTECT, db_constraint=False, db_index=False, related_name="notices",
        verbose_name=pgettext_lazy("history", "step"),
    )  # fmt: skip
    action = models.CharField(pgettext_lazy("done", "what"), max_length=16, choices=ACTIONS)
    created_at = models.DateTimeField(_("when"))
    read_at = models.DateTimeField(_("read"), null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(name="events_notice_once", fields=["user", "transition"])]
        indexes = [
            models.Index(name="events_notice_unread", fields=["user"], condition=models.Q(read_at=None))
        ]

    def __str__(self):
        return f"{self.user} · {self.get_action_display()}"
