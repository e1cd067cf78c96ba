from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from events.workflow import Stage, Urgency


class LimitUnit(models.TextChoices):
    """The units of events.clocks."""

    URGENT_HOUR = "urgent_hour", _("urgent hours 紧急工作时")
    URGENT_DAY = "urgent_day", _("urgent days 紧急工作日")
    WORK_HOUR = "work_hour", _("working hours 工作时")
    WORK_DAY = "work_day", _("working days 工作日")
    NATURAL_DAY = "natural_day", _("calendar days 自然日")

    def words(self, amount) -> str:
        """ "1 working day", "2.5 working hours": an amount of this unit."""
        amount = Decimal(amount).normalize()
        return self._counted(1 if amount == 1 else 2) % {"n": f"{amount:f}"}

    def _counted(self, number):
        match self:
            case LimitUnit.URGENT_HOUR:
                return ngettext("%(n)s urgent hour", "%(n)s urgent hours", number)
            case LimitUnit.URGENT_DAY:
                return ngettext("%(n)s urgent day", "%(n)s urgent days", number)
            case LimitUnit.WORK_HOUR:
                return ngettext("%(n)s working hour", "%(n)s working hours", number)
            case LimitUnit.WORK_DAY:
                return ngettext("%(n)s working day", "%(n)s working days", number)
        return ngettext("%(n)s calendar day", "%(n)s calendar days", number)


class StandardQuerySet(models.QuerySet):
    def valid_on(self, day=None):
        """Versions in force on `day` (today if not given)."""
        day = day or timezone.localdate()
        return self.filter(Q(valid_until=None) | Q(valid_until__gt=day), valid_from__lte=day)


class Standard(models.Model):
    """One filing condition (立案条件) of a case category with its limit: a version, valid for a time.

    An event keeps the version it was registered under. `code` is stable over versions: C0101-1 (component),
    E0203-2 (event), G1105-1 (governance).
    """

    class Kind(models.TextChoices):
        COMPONENT = "component", _("Component 部件")
        EVENT = "event", _("Event 事件")
        GOVERNANCE = "governance", _("Governance 社会治理")

    code = models.CharField(_("code"), max_length=16)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    major_code = models.CharField(_("major class code"), max_length=4)
    major_name = models.CharField(_("major class"), max_length=40)
    minor_code = models.CharField(_("minor class code"), max_length=4)
    minor_name = models.CharField(_("minor class"), max_length=60)
    variant = models.PositiveSmallIntegerField(_("variant"), default=1)
    condition = models.CharField(_("filing condition 立案条件"), max_length=200)
    limit = models.DecimalField(_("limit"), max_digits=7, decimal_places=2, validators=[MinValueValidator(0)])
    limit_unit = models.CharField(_("unit of the limit"), max_length=12, choices=LimitUnit)
    closing_term = models.CharField(_("closing term 结案条件"), max_length=120, blank=True, default="")
    photos_required = models.BooleanField(_("photos asked"), default=False)
    rating_asked = models.BooleanField(_("reporter is asked to rate"), default=True)
    search_text = models.CharField(max_length=500, editable=False, default="", blank=True)
    valid_from = models.DateField(_("valid from"), default=timezone.localdate)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    objects = StandardQuerySet.as_manager()

    class Meta:
        verbose_name = _("case standard")
        verbose_name_plural = _("case standards")
        ordering = ["code", "valid_from"]
        constraints = [
            models.UniqueConstraint(
                name="events_standard_code_valid",
                fields=["code"],
                condition=Q(valid_until=None),
                violation_error_message=_("There is a valid version of this standard already."),
            ),
            models.CheckConstraint(
                name="events_standard_period",
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                violation_error_message=_("A version must end after it begins."),
            ),
            models.CheckConstraint(
                name="events_standard_limit_positive",
                condition=Q(limit__gt=0),
                violation_error_message=_("The limit must be more than zero."),
            ),
            models.CheckConstraint(
                name="events_standard_unit_known", condition=Q(limit_unit__in=LimitUnit.values)
            ),
        ]

    def __str__(self):
        return f"{self.minor_name}：{self.condition}"

    @property
    def limit_words(self) -> str:
        return LimitUnit(self.limit_unit).words(self.limit)


class StandardLead(models.Model):
    """The department kind that leads by default, per level of jurisdiction (0 county bureau, 2 town squad)."""

    standard = models.ForeignKey(Standard, models.CASCADE, related_name="leads", verbose_name=_("standard"))
    level = models.PositiveSmallIntegerField(_("level of jurisdiction"))
    department_kind = models.ForeignKey(
        "grids.DepartmentKind", models.PROTECT, verbose_name=_("department kind")
    )

    class Meta:
        verbose_name = _("default lead")
        verbose_name_plural = _("default leads")
        ordering = ["standard_id", "level"]
        constraints = [
            models.UniqueConstraint(name="events_standardlead_once", fields=["standard", "level"]),
            models.CheckConstraint(name="events_standardlead_level", condition=Q(level__in=[0, 1, 2])),
        ]

    def __str__(self):
        return f"{self.level} {self.department_kind}"


class StageLimit(models.Model):
    """How long a stage may take, per urgency: registering, dispatching, signing, verifying."""

    stage = models.CharField(_("stage"), max_length=10, choices=Stage)
    urgency = models.CharField(_("urgency"), max_length=8, choices=Urgency)
    limit = models.DecimalField(_("limit"), max_digits=7, decimal_places=2, validators=[MinValueValidator(0)])
    limit_unit = models.CharField(_("unit of the limit"), max_length=12, choices=LimitUnit)

    class Meta:
        verbose_name = _("stage limit")
        verbose_name_plural = _("stage limits")
        ordering = ["stage", "urgency"]
        constraints = [
            models.UniqueConstraint(name="events_stagelimit_once", fields=["stage", "urgency"]),
            models.CheckConstraint(
                name="events_stagelimit_positive",
                condition=Q(limit__gt=0),
                violation_error_message=_("The limit must be more than zero."),
            ),
        ]

    def __str__(self):
        return f"{self.get_stage_display()} {self.get_urgency_display()}"
