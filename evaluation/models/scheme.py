from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from evaluation import registry
from grids.scope import Scope


class Kind(models.TextChoices):
    """Who is scored over what span of time."""

    WORKER_MONTH = "worker_month", _("Grid workers, monthly 网格员月度考核")
    DEPARTMENT_QUARTER = "department_quarter", _("Departments, quarterly 责任单位季度考核")

    @property
    def subject(self):
        """`registry.USER` or `registry.UNIT`."""
        return registry.USER if self == Kind.WORKER_MONTH else registry.UNIT


class SchemeQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Everybody who may see a scorecard may know the rules behind it."""
        scope = Scope.of(user)
        allowed = scope.may("evaluation.view_scheme") or scope.may("evaluation.view_scorecard")
        return self.all() if allowed else self.none()

    def overlapping(self, kind, valid_from, valid_until):
        """Schemes of `kind` in force on some day of [valid_from, valid_until); no end: for ever."""
        later = Q(valid_until=None) | Q(valid_until__gt=valid_from)
        sooner = Q(valid_from__lt=valid_until) if valid_until else Q()
        return self.filter(later & sooner, kind=kind)

    def for_period(self, kind, start):
        """The scheme of `kind` in force on the first day of a period; at most one."""
        return self.filter(Q(valid_until=None) | Q(valid_until__gt=start), kind=kind, valid_from__lte=start)


class Scheme(models.Model):
    """How a kind of period is scored (考核方案): indicators with weights, from a period on. An administrator edits it.

    A period that begins while the scheme is in force is scored by it. Lines of scorecards keep the weights and
    targets they were computed with, so a published score explains itself when the scheme has changed.
    """

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    name = models.CharField(_("name"), max_length=80)
    valid_from = models.DateField(
        _("valid from"), help_text=_("Periods that begin on this day or later are scored by it.")
    )
    valid_until = models.DateField(
        _("valid until"), null=True, blank=True, help_text=_("First day it is no longer in force.")
    )
    total = models.DecimalField(
        _("total"),
        max_digits=7,
        decimal_places=2,
        default=Decimal(100),
        help_text=_("What the weights add up to."),
    )
    note = models.TextField(_("note"), max_length=2000, blank=True, default="")

    objects = SchemeQuerySet.as_manager()

    class Meta:
        verbose_name = _("scoring scheme")
        verbose_name_plural = _("scoring schemes")
        ordering = ["kind", "-valid_from"]
        constraints = [
            models.CheckConstraint(name="evaluation_scheme_kind_known", condition=Q(kind__in=Kind.values)),
            models.CheckConstraint(
                name="evaluation_scheme_period",
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                violation_error_message=_("A scheme must end after it begins."),
            ),
            models.CheckConstraint(
                name="evaluation_scheme_total_positive",
                condition=Q(total__gt=0),
                violation_error_message=_("The total must be more than zero."),
            ),
            models.UniqueConstraint(
                name="evaluation_scheme_one_begins",
                fields=["kind", "valid_from"],
                violation_error_message=_("There is a scheme of this kind from this day on already."),
            ),
        ]

    def __str__(self):
        return self.name

    def holds(self, start) -> bool:
        """Whether a period that begins on `start` is scored by it."""
        return self.valid_from <= start and (self.valid_until is None or start < self.valid_until)

    def clean(self):
        if not self.kind or not self.valid_from:
            return
        others = Scheme.objects.overlapping(self.kind, self.valid_from, self.valid_until).exclude(pk=self.pk)
        if other := others.first():
            raise ValidationError(
                {"valid_from": _("“%(name)s” is in force in this time: end it first.") % {"name": other.name}}
            )


class SchemeItem(models.Model):
    """One indicator of a scheme. Points grow in a straight line from `worst` (none) to `target` (all of the weight)."""

    class Empty(models.TextChoices):
        """What a subject gets that has nothing to be measured by (the denominator is zero)."""

        SKIP = "skip", _("left out, its weight goes to the others")
        FULL = "full", _("all points")
        ZERO = "zero", _("no points")

    scheme = models.ForeignKey(Scheme, models.CASCADE, related_name="items", verbose_name=_("scoring scheme"))
    indicator = models.CharField(_("indicator"), max_length=40, choices=registry.choices)
    weight = models.DecimalField(
        _("weight"), max_digits=6, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))]
    )
    target = models.DecimalField(
        _("earns all points"),
        max_digits=9,
        decimal_places=4,
        null=True,
        blank=True,
        help_text=_(
            "The value that earns all points. A share is written as 0.95. Empty: as the indicator says."
        ),
    )
    worst = models.DecimalField(
        _("earns no points"),
        max_digits=9,
        decimal_places=4,
        null=True,
        blank=True,
        help_text=_("The value that earns no points. Empty: as the indicator says."),
    )
    empty = models.CharField(_("without cases"), max_length=4, choices=Empty, default=Empty.SKIP)
    sort = models.PositiveSmallIntegerField(_("order"), default=100)

    class Meta:
        verbose_name = _("indicator of a scheme")
        verbose_name_plural = _("indicators of a scheme")
        ordering = ["scheme_id", "sort", "pk"]
        constraints = [
            models.UniqueConstraint(
                name="evaluation_schemeitem_once",
                fields=["scheme", "indicator"],
                violation_error_message=_("This indicator is in the scheme already."),
            ),
            models.CheckConstraint(
                name="evaluation_schemeitem_weight",
                condition=Q(weight__gt=0),
                violation_error_message=_("The weight must be more than zero."),
            ),
            models.CheckConstraint(
                name="evaluation_schemeitem_empty", condition=Q(empty__in=["skip", "full", "zero"])
            ),
            models.CheckConstraint(
                name="evaluation_schemeitem_slope",
                condition=Q(target=None) | Q(worst=None) | ~Q(target=F("worst")),
                violation_error_message=_("The values for all and for no points must differ."),
            ),
        ]

    def __str__(self):
        return str(registry.label_of(self.indicator))

    @property
    def bounds(self) -> tuple[Decimal, Decimal]:
        """(target, worst): the item's own or the indicator's."""
        entry = registry.INDICATORS[self.indicator]
        return (
            entry.target if self.target is None else self.target,
            entry.worst if self.worst is None else self.worst,
        )

    def problem(self, kind) -> dict[str, str]:
        """{field: words} of what makes no sense in a scheme of `kind`; empty if all is well."""
        entry = registry.INDICATORS.get(self.indicator)
        if entry is None or entry.subject != Kind(kind).subject:
            return {"indicator": _("This indicator does not fit the kind of the scheme.")}
        target, worst = self.bounds
        if entry.inverse and not target < worst:
            words = _("Less is better here: the value for all points must be below the one for none.")
            return {"target": words}
        if not entry.inverse and not target > worst:
            words = _("More is better here: the value for all points must be above the one for none.")
            return {"target": words}
        return {}

    def clean(self):
        scheme = getattr(self, "scheme", None)  # in the admin it may not be saved yet
        if scheme is not None and scheme.kind in Kind.values and (wrong := self.problem(scheme.kind)):
            raise ValidationError(wrong)
