import uuid

from django.apps import apps
from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.lookups import In
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core import reasons
from core.fields import EncryptedField
from events import clocks
from events.models.standard import LimitUnit
from events.workflow import FINISHED, OPEN, SPOT_WAITING, UNNUMBERED, Source, SpotCheck, Status, Urgency
from grids.scope import Scope


class Light(models.TextChoices):
    GREEN = "green", _("In time")
    YELLOW = "yellow", _("Soon late")
    RED = "red", _("Late")


def _says_open(part) -> bool:
    """Whether a part of a query's condition is `status__in=OPEN` and nothing else."""
    of_status = isinstance(part, In) and getattr(part.lhs, "target", None) is Event._meta.get_field("status")
    return of_status and isinstance(part.rhs, list | tuple | set | frozenset) and set(part.rhs) == set(OPEN)


class EventQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Events below this person's grids and centres, those their department holds or handled, and their own reports."""
        scope = Scope.of(user)
        if scope.user_id is None or not scope.seats:
            return self.none()
        seen = [scope.q("path")] if scope.roots and scope.may("events.view_event") else []
        few = [False] * len(seen)
        if scope.department_ids:
            seen.append(Q(holder__in=scope.department_ids))
            few.append(True)  # open ones
            for name in ("Assignment", "WhistleCall"):
                rows = apps.get_model("events", name).objects.filter(unit__in=scope.department_ids)
                link = "event" if name == "Assignment" else "whistle__event"
                seen.append(Q(pk__in=rows.values(link)))
                few.append(name == "WhistleCall")
        if not any(root.count("/") == 2 for root in scope.roots):  # the whole territory includes them anyway
            seen.append(Q(reporter_id=scope.user_id))
            few.append(True)
        return reasons.any_of(self, seen, few)

    def open(self):
        return self.filter(status__in=OPEN)

    def with_light(self, now=None):
        """Adds `light`: by the running stage clock; none while no clock runs."""
        now = now or timezone.now()
        return self.annotate(
            light=Case(
                When(due_at=None, then=Value("")),
                When(due_at__lt=now, then=Value(Light.RED)),
                When(yellow_at__lt=now, then=Value(Light.YELLOW)),
                default=Value(Light.GREEN),
                output_field=models.CharField(),
            )
        )

    def running(self):
        """Those with a running clock. It runs for open ones only (`events_event_clock_runs`): a condition that says so
        once more is taken away, as the planner would think that one of ten were left, and sort instead of walking."""
        rows = self.filter(due_at__isnull=False)
        where = rows.query.where
        where.children = [part for part in where.children if not _says_open(part)]
        return rows

    def late(self, now=None):
        return self.filter(due_at__lt=now or timezone.now())

    def soon_late(self, now=None):
        now = now or timezone.now()
        return self.filter(yellow_at__lt=now, due_at__gte=now)

    def most_urgent_first(self):
        """Late ones first, then by the time left; those without a clock last."""
        return self.order_by(F("due_at").asc(nulls_last=True), "pk")


class Event(models.Model):
    """Something in a grid that somebody must settle (事件). Only events.services moves its status.

    Clocks: `due_at`/`yellow_at` are of the stage that runs now (registering, dispatching, signing, handling,
    verifying); `handle_*` of the handling limit of the standard, which runs from dispatch. While suspended both
    stand still: what was left of them is kept in seconds of their own clock.
    """

    uid = models.UUIDField(
        default=uuid.uuid4, unique=True, editable=False, help_text="Names the chain of steps."
    )
    number = models.CharField(
        _("case number"), max_length=24, unique=True, null=True, blank=True, editable=False
    )
    status = models.CharField(
        _("status"), max_length=12, choices=Status, default=Status.REPORTED, editable=False
    )
    source = models.CharField(_("source"), max_length=12, choices=Source, default=Source.WORKER)
    urgency = models.CharField(_("urgency"), max_length=8, choices=Urgency, default=Urgency.NORMAL)
    description = models.TextField(_("what"), max_length=4000)
    place = models.CharField(_("where"), max_length=200, blank=True, default="")
    location = models.PointField(_("location"), srid=4326, null=True, blank=True, spatial_index=True)
    grid = models.ForeignKey(
        "grids.Grid", models.PROTECT, db_index=False, related_name="events", verbose_name=_("grid")
    )
    path = models.CharField(
        max_length=120, editable=False, help_text="The grid's path, for one that has ended the one of then."
    )
    placed = models.BooleanField(
        _("inside a grid"), default=True, help_text=_("False: the point lies outside every grid.")
    )
    standard = models.ForeignKey(
        "events.Standard",
        models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="events",
        verbose_name=_("standard"),
    )

    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="reported_events",
        verbose_name=_("reporter"),
    )
    contact_name = models.CharField(_("contact"), max_length=60, blank=True, default="")
    contact_phone = EncryptedField(_("contact phone"), blank=True, default="")

    holder = models.ForeignKey(
        "grids.Unit", models.PROTECT, db_index=False, related_name="held_events", verbose_name=_("lies with")
    )
    centre = models.ForeignKey(
        "grids.Unit", models.PROTECT, related_name="registered_events", verbose_name=_("responsible centre")
    )
    lead = models.ForeignKey(
        "grids.Unit",
        models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="led_events",
        verbose_name=_("lead unit"),
    )

    # The clock of the running stage.
    stage_since = models.DateTimeField(default=timezone.now)
    stage_seconds = models.FloatField(default=0, help_text="The whole limit, in seconds of its own clock.")
    stage_unit = models.CharField(max_length=12, choices=LimitUnit, blank=True, default="")
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    yellow_at = models.DateTimeField(null=True, blank=True)
    warned = models.PositiveSmallIntegerField(
        default=0, help_text="0 nothing, 1 soon late, 2 late was noted."
    )
    # The handling clock, from dispatch.
    handle_since = models.DateTimeField(null=True, blank=True)
    handle_seconds = models.FloatField(
        default=0, help_text="The whole limit with grants, in seconds of its own clock."
    )
    handle_unit = models.CharField(max_length=12, choices=LimitUnit, blank=True, default="")
    handle_due_at = models.DateTimeField(_("handling due"), null=True, blank=True)
    handle_yellow_at = models.DateTimeField(null=True, blank=True)
    # Suspension.
    resume_status = models.CharField(max_length=12, choices=Status, blank=True, default="")
    resume_holder = models.ForeignKey(
        "grids.Unit", models.PROTECT, db_index=False, null=True, blank=True, related_name="+"
    )
    suspended_until = models.DateField(_("suspended until"), null=True, blank=True)
    stage_left = models.FloatField(null=True, blank=True, help_text="Seconds of the stage's own clock.")
    handle_left = models.FloatField(null=True, blank=True, help_text="Seconds of the handling clock.")

    late = models.BooleanField(
        _("has been late"), default=False, help_text=_("Some stage was: a fact that stays.")
    )
    returns = models.PositiveSmallIntegerField(_("returns"), default=0)
    reworks = models.PositiveSmallIntegerField(_("reworks"), default=0)
    grants = models.PositiveSmallIntegerField(_("time grants"), default=0)
    reopens = models.PositiveSmallIntegerField(_("reopenings"), default=0)
    supervised = models.BooleanField(_("under supervision"), default=False)
    settled_on_spot = models.BooleanField(_("settled on the spot"), default=False)
    spot_check = models.BooleanField(_("drawn for a spot check"), default=False)
    spot_state = models.CharField(_("spot check"), max_length=8, choices=SpotCheck, null=True, blank=True, editable=False)
    spot_due_at = models.DateTimeField(_("spot check due"), null=True, blank=True, help_text=_("While it waits."))
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="repeats", verbose_name=_("merged into")
    )
    stars = models.PositiveSmallIntegerField(_("rating"), null=True, blank=True)
    rating_words = models.CharField(_("rating in words"), max_length=500, blank=True, default="")

    reported_at = models.DateTimeField(_("reported"), default=timezone.now)
    registered_at = models.DateTimeField(_("registered"), null=True, blank=True)
    dispatched_at = models.DateTimeField(_("dispatched"), null=True, blank=True)
    signed_at = models.DateTimeField(_("signed for"), null=True, blank=True)
    fed_back_at = models.DateTimeField(_("fed back"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    evaluated_at = models.DateTimeField(_("evaluated"), null=True, blank=True)

    # Head of the chain of transitions (events.chain).
    head_seq = models.PositiveIntegerField(default=0, editable=False)
    head_hash = models.CharField(max_length=64, default="", editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-id"]
        permissions = [
            (f"{verb}_event", label)
            for verb, label in (
                ("report", "Report 上报"),
                ("settle", "Settle on the spot 自办自结"),
                ("register", "Register 立案"),
                ("dispatch", "Dispatch 派遣"),
                ("handle", "Handle 处置"),
                ("verify", "Verify 核查"),
                ("grant", "Grant more time 延期审批"),
                ("suspend", "Suspend 挂账"),
                ("reopen", "Reopen 重新办理"),
                ("supervise", "Supervise 督办"),
                ("whistle", "Blow the whistle 吹哨"),
                ("place", "Place in a grid 落格"),
                ("export", "Export 导出"),
            )
        ]
        constraints = [
            models.CheckConstraint(name="events_event_status_known", condition=Q(status__in=Status.values)),
            models.CheckConstraint(
                name="events_event_registered_has_number",
                condition=Q(status__in=[*UNNUMBERED, Status.SUSPENDED]) | Q(number__isnull=False),
            ),
            models.CheckConstraint(
                name="events_event_dispatched_has_lead",
                condition=~Q(status__in=[Status.DISPATCHED, Status.HANDLING]) | Q(lead__isnull=False),
            ),
            models.CheckConstraint(
                name="events_event_merged_has_other",
                condition=~Q(status=Status.MERGED) | Q(merged_into__isnull=False),
            ),
            models.CheckConstraint(
                name="events_event_stars", condition=Q(stars=None) | Q(stars__gte=1, stars__lte=5)
            ),
            models.CheckConstraint(name="events_event_grants", condition=Q(grants__lte=2)),
            models.CheckConstraint(
                name="events_event_clock_runs", condition=Q(due_at=None) | Q(status__in=OPEN)
            ),
        ]
        # Foreign keys without an index of their own: one below begins with them, or nothing looks them up.
        indexes = [
            models.Index(
                name="events_event_path",
                fields=["path", "-id"],
                opclasses=["varchar_pattern_ops", "int8_ops"],
            ),
            models.Index(name="events_event_status", fields=["status", "-id"]),
            # Counts beside worklists: a range of it for each status of a territory, without the table.
            models.Index(
                name="events_event_waiting",
                fields=["status", "path"],
                opclasses=["varchar_pattern_ops", "varchar_pattern_ops"],
                condition=Q(status__in=[*OPEN, Status.CLOSED]),
            ),
            # The order of lists by deadline; `yellow_at` so that those soon late are told without the table.
            models.Index(
                name="events_event_due", fields=["due_at", "id", "yellow_at"], condition=Q(due_at__isnull=False)
            ),
            models.Index(name="events_event_reported", fields=["reported_at"]),
            # A month of a class is its many conditions: what is said of urgency, too, is told without the table.
            models.Index(name="events_event_std", fields=["standard", "reported_at", "urgency"]),
            models.Index(name="events_event_holder", fields=["holder", "status", "-id"]),
            models.Index(name="events_event_lead", fields=["lead", "-id"], condition=Q(lead__isnull=False)),
            # Of open ones: with whom they lie, how long they have stood in their step. Finished ones are listed by `id`.
            models.Index(name="events_event_lies", fields=["holder", "-id"], condition=Q(status__in=OPEN)),
            models.Index(name="events_event_waited", fields=["stage_since", "id"], condition=Q(status__in=OPEN)),
            # For lists of what is rare: without them a filter walks the whole table. Few rows are in them.
            models.Index(
                name="events_event_urgency", fields=["urgency", "-id"], condition=~Q(urgency="normal")
            ),
            models.Index(name="events_event_was_late", fields=["-id"], condition=Q(late=True)),
            models.Index(name="events_event_source", fields=["source", "-id"], condition=~Q(source="worker")),
            models.Index(name="events_event_supervised", fields=["-id"], condition=Q(supervised=True)),
            models.Index(
                name="events_event_asked", fields=["-id"], condition=Q(supervised=True, status__in=OPEN)
            ),
            models.Index(name="events_event_unplaced", fields=["-id"], condition=Q(placed=False)),
            models.Index(
                name="events_event_spot", fields=["spot_due_at"], condition=Q(spot_state__in=SPOT_WAITING)
            ),
            # The newest events are the open ones: a list of finished ones would walk over all of these.
            models.Index(name="events_event_finished", fields=["-id"], condition=Q(status__in=FINISHED)),
        ]

    def __str__(self):
        return self.number or f"#{self.pk}"

    def is_visible_to(self, user) -> bool:
        """`visible_to` for one event in hand: what its own row decides costs no query, for the rest it is asked."""
        scope = Scope.of(user)
        if scope.may("events.view_event") and any(self.path.startswith(root) for root in scope.roots):
            return True
        if self.holder_id in scope.department_ids:
            return True
        return type(self).objects.visible_to(user).filter(pk=self.pk).exists()

    @property
    def is_open(self):
        return self.status in OPEN

    @property
    def current_light(self):
        """green, yellow, red, or an empty string while no clock runs."""
        return clocks.light(timezone.now(), self.yellow_at, self.due_at)


class CaseCounter(models.Model):
    """Last case number given, per territory (6 digits) and year. Its row lock makes numbers gapless."""

    territory = models.CharField(_("territory"), max_length=12)
    year = models.PositiveSmallIntegerField(_("year"))
    last = models.PositiveIntegerField(_("last number"), default=0)

    class Meta:
        verbose_name = _("case counter")
        verbose_name_plural = _("case counters")
        constraints = [models.UniqueConstraint(name="events_casecounter_once", fields=["territory", "year"])]

    def __str__(self):
        return f"{self.territory}-{self.year}-{self.last:06d}"
