from datetime import datetime, time

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from evaluation.models.scheme import Kind
from evaluation.scope import may_oversee, may_see


class PeriodQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Published ones for those with a scorecard permission; drafts for those who look over others' work."""
        if may_oversee(user):
            return self.all()
        return self.filter(status=Period.Status.PUBLISHED) if may_see(user) else self.none()

    def published(self):
        return self.filter(status=Period.Status.PUBLISHED)


class Period(models.Model):
    """A month of the workers or a quarter of the departments, [start, end) in local days.

    A draft is scored again and again; once published, a database trigger refuses every change of it, its cards and lines.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft 草稿")
        PUBLISHED = "published", _("Published 已发布")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    start = models.DateField(_("from"))
    end = models.DateField(_("until"), help_text=_("The first day after it."))
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.DRAFT, editable=False
    )
    scheme = models.ForeignKey(
        "evaluation.Scheme",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="periods",
        verbose_name=_("scoring scheme"),
        help_text=_("The one it was scored by."),
    )
    scored_at = models.DateTimeField(_("scored"), null=True, blank=True, editable=False)
    published_at = models.DateTimeField(_("published"), null=True, blank=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("published by"),
        help_text=_("Empty: from the command line."),
    )

    objects = PeriodQuerySet.as_manager()

    class Meta:
        verbose_name = _("scoring period")
        verbose_name_plural = _("scoring periods")
        ordering = ["-start", "kind"]
        permissions = [("publish_period", "Publish a scoring period 发布考核结果")]
        constraints = [
            models.CheckConstraint(name="evaluation_period_kind_known", condition=Q(kind__in=Kind.values)),
            models.CheckConstraint(
                name="evaluation_period_status_known", condition=Q(status__in=["draft", "published"])
            ),
            models.UniqueConstraint(
                name="evaluation_period_once",
                fields=["kind", "start"],
                violation_error_message=_("There is such a period already."),
            ),
            models.CheckConstraint(
                name="evaluation_period_order",
                condition=Q(end__gt=F("start")),
                violation_error_message=_("A period must end after it begins."),
            ),
            models.CheckConstraint(
                name="evaluation_period_published_was_scored",
                condition=Q(status="draft") | Q(scored_at__isnull=False, published_at__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self.name} {self.get_kind_display()}"

    @property
    def name(self) -> str:
        """2026-10 or 2026Q3: what the command takes."""
        if self.kind == Kind.WORKER_MONTH:
            return f"{self.start:%Y-%m}"
        return f"{self.start.year}Q{(self.start.month + 2) // 3}"

    @property
    def since(self) -> datetime:
        """The first instant, local midnight."""
        return timezone.make_aware(datetime.combine(self.start, time.min))

    @property
    def until(self) -> datetime:
        """The first instant after it."""
        return timezone.make_aware(datetime.combine(self.end, time.min))

    @property
    def is_published(self) -> bool:
        return self.status == self.Status.PUBLISHED

    def holds(self, field: str) -> Q:
        """Rows whose instant `field` lies in the period."""
        return Q(**{f"{field}__gte": self.since, f"{field}__lt": self.until})
