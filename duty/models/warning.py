from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.fields import EncryptedField
from duty import reach
from grids.scope import Scope


class Level(models.TextChoices):
    NOTICE = "notice", _("Notice 提示")
    SERIOUS = "serious", _("Serious 较大")
    MAJOR = "major", _("Major 重大")


class Cause(models.TextChoices):
    """What a warning is about: by hand any of the first ones, by a rule one of RULED."""

    WEATHER = "weather", _("Weather 气象")
    FIRE = "fire", _("Fire 火情")
    SAFETY = "safety", _("Work safety 安全生产")
    CROWD = "crowd", _("Crowd 人员聚集")
    HEALTH = "health", _("Public health 公共卫生")
    UTILITY = "utility", _("Water, power, gas 水电气")
    OTHER = "other", _("Other 其他")
    UNREGISTERED = "unregistered", _("Critical report not registered 特急未立案")
    CLUSTER = "cluster", _("Many of one kind 同类事件集中")
    SUPERVISED_LATE = "supervised", _("Supervised event late 督办事件超时")
    LATE_SHARE = "late_share", _("Unit with many late 单位超时率过高")
    UNSTAFFED = "unstaffed", _("Nobody on duty 值班空缺")


RULED = (Cause.UNREGISTERED, Cause.CLUSTER, Cause.SUPERVISED_LATE, Cause.LATE_SHARE, Cause.UNSTAFFED)
BY_HAND = tuple(cause for cause in Cause if cause not in RULED)


class Response(models.Model):
    """How a level is answered: when it goes up if nobody takes it, and how long it stands. Data of the county."""

    level = models.CharField(pgettext_lazy("warning", "level"), max_length=8, choices=Level, unique=True)
    take_minutes = models.PositiveSmallIntegerField(
        _("minutes to take it"),
        null=True,
        blank=True,
        help_text=_("Then it goes to the next higher centre. Empty: it stays where it is."),
    )
    valid_hours = models.PositiveSmallIntegerField(_("stands for hours"), default=24)

    class Meta:
        verbose_name = _("response to a level")
        verbose_name_plural = _("responses to levels")
        ordering = ["pk"]

    def __str__(self):
        return self.get_level_display()


class Rule(models.Model):
    """When the system itself warns. Thresholds that a cause does not use are ignored."""

    cause = models.CharField(_("cause"), max_length=12, choices=[(c.value, c.label) for c in RULED])
    level = models.CharField(pgettext_lazy("warning", "level"), max_length=8, choices=Level, default=Level.SERIOUS)
    active = models.BooleanField(_("active"), default=True)
    amount = models.PositiveIntegerField(
        _("how many"),
        default=5,
        help_text=_("Events of one class in one grid; of a unit: open events from which its share counts."),
    )
    minutes = models.PositiveIntegerField(
        _("minutes"),
        default=60,
        help_text=_("Of a cluster: within so many. Else: so many beyond the deadline."),
    )
    share = models.DecimalField(
        _("share late"), max_digits=4, decimal_places=3, default="0.300", help_text=_("0.3 is 30 %.")
    )
    prefix = models.CharField(
        _("standards"),
        max_length=16,
        blank=True,
        default="",
        help_text=_("Beginning of the code, for clusters. Empty: all."),
    )

    class Meta:
        verbose_name = _("warning rule")
        verbose_name_plural = _("warning rules")
        ordering = ["cause", "pk"]
        constraints = [
            models.CheckConstraint(
                name="duty_rule_share",
                condition=Q(share__gte=0, share__lte=1),
                violation_error_message=_("A share is between 0 and 1."),
            ),
            models.CheckConstraint(
                name="duty_rule_amount",
                condition=Q(amount__gte=1),
                violation_error_message=_("Expected at least 1."),
            ),
        ]

    def __str__(self):
        return self.get_cause_display()


class WarningQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Warnings within this person's land, those whose territory holds it, and those that call a unit of theirs."""
        scope = Scope.of(user)
        if not scope.may("duty.view_warning"):
            return self.none()
        called = WarningCall.objects.filter(unit__in=scope.unit_ids).values("warning")
        seen = scope.land_q("path") | Q(reach__in=reach.above(scope.land))
        return self.filter(seen | Q(pk__in=called) if scope.unit_ids else seen)

    def open(self):
        return self.filter(ended_at=None)

    def untaken(self):
        return self.filter(ended_at=None, taken_at=None)


class Warning(models.Model):
    """Something that somebody must take note of now (预警). Only duty.services writes it; `seq` counts its steps.

    `path` is where it is, `reach` the territory whose desks are warned (duty.reach). `key` names what a rule has
    found, so that it is found once; `stem` the same without the occasion.
    """

    level = models.CharField(pgettext_lazy("warning", "level"), max_length=8, choices=Level)
    cause = models.CharField(_("kind"), max_length=12, choices=Cause)
    title = models.CharField(_("title"), max_length=120)
    words = models.CharField(_("words"), max_length=1000, blank=True, default="")
    grid = models.ForeignKey("grids.Grid", models.PROTECT, related_name="+", verbose_name=_("territory"))
    path = models.CharField(max_length=120, editable=False)
    reach = models.CharField(max_length=120, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("made by"),
    )
    rule = models.ForeignKey(
        Rule, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("rule")
    )
    event = models.ForeignKey(
        "events.Event", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("event")
    )
    unit = models.ForeignKey(
        "grids.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("about the unit")
    )
    key = models.CharField(max_length=120, null=True, blank=True, unique=True, editable=False)
    stem = models.CharField(max_length=120, blank=True, default="", editable=False)
    made_at = models.DateTimeField(_("made"))
    until = models.DateTimeField(_("stands until"))
    asked_at = models.DateTimeField(_("last asked"), help_text=_("When the latest centre was called."))
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("taken by"),
    )
    taken_unit = models.ForeignKey(
        "grids.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("taken at")
    )
    taken_at = models.DateTimeField(_("taken"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("ended by"),
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    end_words = models.CharField(_("how it ended"), max_length=500, blank=True, default="")
    seq = models.PositiveIntegerField(default=0, editable=False)

    objects = WarningQuerySet.as_manager()

    class Meta:
        verbose_name = _("warning")
        verbose_name_plural = _("warnings")
        ordering = ["-id"]
        permissions = [
            ("raise_warning", "Raise a warning 发布预警"),
            ("take_warning", "Take a warning 接警"),
        ]
        constraints = [
            models.CheckConstraint(
                name="duty_warning_level_known", condition=Q(level__in=["notice", "serious", "major"])
            ),
            models.CheckConstraint(
                name="duty_warning_period",
                condition=Q(until__gt=F("made_at")),
                violation_error_message=_("A warning must stand until after it is made."),
            ),
            models.CheckConstraint(
                name="duty_warning_taken",
                condition=Q(taken_at=None, taken_by=None)
                | Q(taken_at__isnull=False, taken_by__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                name="duty_warning_path", fields=["path", "-id"], opclasses=["varchar_pattern_ops", "int8_ops"]
            ),
            models.Index(name="duty_warning_open", fields=["-id"], condition=Q(ended_at=None)),
            models.Index(name="duty_warning_ended", fields=["ended_at"]),
            models.Index(name="duty_warning_stem", fields=["stem", "made_at"]),
        ]

    def __str__(self):
        return self.title

    @property
    def is_open(self):
        return self.ended_at is None


class WarningCall(models.Model):
    """A unit was called to a warning, and whom its roster named then: the notice of the on-call person."""

    class Why(models.TextChoices):
        HOLDER = "holder", _("it lies with them")
        ASKED = "asked", _("it is about them")
        ABOVE = "above", _("nobody below has taken it")

    warning = models.ForeignKey(Warning, models.PROTECT, related_name="calls", verbose_name=_("warning"))
    unit = models.ForeignKey("grids.Unit", models.PROTECT, related_name="+", verbose_name=_("unit"))
    why = models.CharField(_("why"), max_length=8, choices=Why)
    at = models.DateTimeField(_("when"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="warning_calls",
        verbose_name=_("on call"),
    )
    name = models.CharField(_("on call"), max_length=60, blank=True, default="")
    phone = EncryptedField(_("phone"), blank=True, default="")
    seen_at = models.DateTimeField(_("seen"), null=True, blank=True)

    class Meta:
        verbose_name = _("call to a warning")
        verbose_name_plural = _("calls to warnings")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(name="duty_warningcall_once", fields=["warning", "unit"])]

    def __str__(self):
        return f"{self.warning_id} {self.unit_id}"


class WarningStep(models.Model):
    """What happened to a warning, append-only by a trigger."""

    class Action(models.TextChoices):
        RAISE = "raise", _("Raised 发布")
        CALL = "call", _("Called a higher centre 升级呼叫")
        TAKE = "take", _("Taken 接警")
        END = "end", _("Ended 解除")
        LAPSE = "lapse", _("Its time was over 到期解除")
        GONE = "gone", _("Its cause was gone 原因消除")

    warning = models.ForeignKey(
        Warning, models.PROTECT, db_index=False, related_name="steps", verbose_name=_("warning")
    )
    seq = models.PositiveIntegerField(_("number"))
    action = models.CharField(pgettext_lazy("done", "what"), max_length=8, choices=Action)
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
    )
    unit = models.ForeignKey(
        "grids.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("unit")
    )
    words = models.CharField(_("words"), max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("step of a warning")
        verbose_name_plural = _("steps of warnings")
        ordering = ["warning_id", "seq"]
        constraints = [models.UniqueConstraint(name="duty_warningstep_seq", fields=["warning", "seq"])]

    def __str__(self):
        return f"{self.warning_id}/{self.seq} {self.get_action_display()}"
