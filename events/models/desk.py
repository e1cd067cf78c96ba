"""What a person has set up at their desk: saved views of the list, and the columns they like to see."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class SavedView(models.Model):
    """Filters, order and columns of the list under a name. It holds the question, never the answer: whoever is given
    its link sees what is theirs to see."""

    slug = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views", verbose_name=_("owner")
    )
    name = models.CharField(_("name of the view"), max_length=40)
    query = models.CharField(_("filters and order"), max_length=2000, blank=True, default="")
    start = models.BooleanField(_("start page"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="events_savedview_name_once", fields=["owner", "name"]),
            models.UniqueConstraint(name="events_savedview_one_start", fields=["owner"], condition=Q(start=True)),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("events:view", args=[self.slug])


class DeskSetting(models.Model):
    """One row per person who has changed something."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="desk_setting", verbose_name=_("user")
    )
    columns = models.JSONField(_("columns"), default=list)

    class Meta:
        verbose_name = _("desk setting")
        verbose_name_plural = _("desk settings")

    def __str__(self):
        return f"{self.user}"
