from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from evaluation import registry
from evaluation.models.period import Period
from evaluation.scope import cards_q


class ScorecardQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Cards of this person's territory, and of published periods their own and their department's."""
        return self.filter(cards_q(user))

    def ranked(self):
        """The best first; those that could not be scored last."""
        return self.order_by(F("rank").asc(nulls_last=True), "pk")


class Scorecard(models.Model):
    """What one person or unit got in one period (考核成绩). Written by evaluation.services only."""

    period = models.ForeignKey(Period, models.CASCADE, related_name="cards", verbose_name=_("scoring period"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="scorecards",
        verbose_name=_("grid worker"),
    )
    unit = models.ForeignKey(
        "grids.Unit",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="scorecards",
        verbose_name=_("department"),
    )
    path = models.CharField(
        max_length=120, help_text="Of the worker's grid or the unit's jurisdiction: says who sees it."
    )
    total = models.DecimalField(
        _("score"), max_digits=8, decimal_places=2, null=True, help_text=_("Empty: nothing to be scored by.")
    )
    rank = models.PositiveIntegerField(_("rank"), null=True, help_text=_("Equal scores share a rank."))
    of = models.PositiveIntegerField(_("of how many"), default=0)

    objects = ScorecardQuerySet.as_manager()

    class Meta:
        verbose_name = _("scorecard")
        verbose_name_plural = _("scorecards")
        ordering = ["period_id", "rank", "pk"]
        constraints = [
            models.CheckConstraint(
                name="evaluation_scorecard_one_subject",
                condition=Q(user__isnull=False, unit=None) | Q(user=None, unit__isnull=False),
            ),
            models.CheckConstraint(
                name="evaluation_scorecard_rank_with_total",
                condition=Q(total=None, rank=None) | Q(total__isnull=False, rank__isnull=False),
            ),
            models.UniqueConstraint(
                name="evaluation_scorecard_user", fields=["period", "user"], condition=Q(user__isnull=False)
            ),
            models.UniqueConstraint(
                name="evaluation_scorecard_unit", fields=["period", "unit"], condition=Q(unit__isnull=False)
            ),
        ]
        indexes = [models.Index(name="evaluation_scorecard_rank", fields=["period", "rank"])]

    def __str__(self):
        return f"{self.subject} {self.total}"

    @property
    def subject(self):
        """The User or the Unit."""
        return self.user if self.user_id else self.unit

    @property
    def subject_id(self) -> int:
        return self.user_id or self.unit_id


class ScoreLineQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(scorecard__in=Scorecard.objects.visible_to(user).order_by())


class ScoreLine(models.Model):
    """One indicator of one card, with all that explains its points.

    points = most × (value − worst) / (target − worst), within 0 and `most`. `most` is the weight, more if other
    indicators were left out, and nothing if this one was.
    """

    scorecard = models.ForeignKey(
        Scorecard, models.CASCADE, related_name="lines", verbose_name=_("scorecard")
    )
    indicator = models.CharField(_("indicator"), max_length=40, choices=registry.choices)
    numerator = models.DecimalField(_("numerator"), max_digits=16, decimal_places=4)
    denominator = models.DecimalField(
        _("denominator"), max_digits=16, decimal_places=4, null=True, help_text=_("Empty: a plain count.")
    )
    value = models.DecimalField(
        _("value"), max_digits=16, decimal_places=6, null=True, help_text=_("Empty: there were no cases.")
    )
    weight = models.DecimalField(_("weight"), max_digits=6, decimal_places=2)
    target = models.DecimalField(_("earns all points"), max_digits=9, decimal_places=4)
    worst = models.DecimalField(_("earns no points"), max_digits=9, decimal_places=4)
    most = models.DecimalField(_("points to be had"), max_digits=8, decimal_places=4)
    points = models.DecimalField(
        _("points"), max_digits=8, decimal_places=4, null=True, help_text=_("Empty: left out.")
    )
    sort = models.PositiveSmallIntegerField(_("order"), default=100)

    objects = ScoreLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("line of a scorecard")
        verbose_name_plural = _("lines of scorecards")
        ordering = ["scorecard_id", "sort", "pk"]
        constraints = [
            models.UniqueConstraint(name="evaluation_scoreline_once", fields=["scorecard", "indicator"]),
        ]

    def __str__(self):
        return str(registry.label_of(self.indicator))

    @property
    def label(self):
        return registry.label_of(self.indicator)

    @property
    def definition(self):
        """The registry.Indicator; None if it no longer exists."""
        return registry.INDICATORS.get(self.indicator)
