from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from fieldwork.rules import VIEW
from grids.scope import Scope


class PatrolQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Patrols of the grids whose patrols are this person's to read, and the person's own."""
        scope = Scope.of(user)
        return self.filter(scope.permission_q(VIEW, "grid__path") | Q(worker=scope.user_id))

    def under_way(self):
        return self.filter(ended_at=None)


class Patrol(models.Model):
    """One walk of a worker through a grid (巡查): when and, if the phone says so, where it began and ended. No track.

    Only fieldwork.services writes it. `day` is the local day on which it began; `key` names it for the worker's phone.
    """

    class State(models.TextChoices):
        UNDER_WAY = "under_way", pgettext_lazy("patrol", "under way")
        FINISHED = "finished", pgettext_lazy("patrol", "finished")
        SHORT = "short", pgettext_lazy("patrol", "too short to count")
        LEFT_OPEN = "left_open", pgettext_lazy("patrol", "not finished")

    grid = models.ForeignKey(
        "grids.Grid", models.PROTECT, db_index=False, related_name="patrols", verbose_name=_("grid")
    )
    worker = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        db_index=False,
        related_name="patrols",
        verbose_name=_("grid worker"),
    )
    day = models.DateField(_("day"))
    started_at = models.DateTimeField(pgettext_lazy("patrol", "begun"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    state = models.CharField(
        pgettext_lazy("patrol", "state"), max_length=10, choices=State, default=State.UNDER_WAY
    )
    start_point = models.PointField(
        _("where it began"), srid=4326, null=True, blank=True, spatial_index=False
    )
    end_point = models.PointField(_("where it ended"), srid=4326, null=True, blank=True, spatial_index=False)
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    key = models.CharField(max_length=64, editable=False)

    objects = PatrolQuerySet.as_manager()

    class Meta:
        verbose_name = _("patrol")
        verbose_name_plural = _("patrols")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="fieldwork_patrol_period",
                condition=Q(ended_at=None) | Q(ended_at__gt=F("started_at")),
                violation_error_message=_("A patrol must end after it begins."),
            ),
            models.CheckConstraint(
                name="fieldwork_patrol_state_known",
                condition=Q(ended_at=None, state="under_way")
                | Q(ended_at__isnull=False, state__in=["finished", "short", "left_open"]),
            ),
            models.UniqueConstraint(
                name="fieldwork_patrol_one_open",
                fields=["worker"],
                condition=Q(ended_at=None),
                violation_error_message=_("This worker has a patrol under way already."),
            ),
            models.UniqueConstraint(name="fieldwork_patrol_key", fields=["worker", "key"]),
        ]
        indexes = [
            # The state stands in it so that coverage is counted from the index alone.
            models.Index(name="fieldwork_patrol_grid_day", fields=["grid", "day", "state"]),
            models.Index(name="fieldwork_patrol_worker", fields=["worker", "started_at"]),
            models.Index(name="fieldwork_patrol_day", fields=["day"]),
        ]

    def __str__(self):
        return f"{self.grid} {self.day:%Y-%m-%d}"

    @property
    def counts(self) -> bool:
        return self.state == self.State.FINISHED
