from django.conf import settings
from django.db import models


class Presence(models.Model):
    """Somebody has the page of an event open: renewed by the page, gone when it is closed or falls silent."""

    event = models.ForeignKey("events.Event", models.CASCADE, related_name="presences", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    action = models.CharField(max_length=16, blank=True, default="", help_text="The step whose form is filled in.")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="events_presence_once", fields=["event", "user"])]

    def __str__(self):
        return f"{self.user_id} at {self.event_id}"
