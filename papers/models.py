from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    SIGN = "sign", _("Grid sign 公示牌")
    CARDS = "cards", _("Contact cards 民情联系卡")
    WALL = "wall", _("Wall map 网格图")
    CASE = "case", _("Case file 案卷")
    REPORT = "report", _("Duty and analysis reports 日报周报月报")


class Status(models.TextChoices):
    WAITING = "waiting", _("waiting")
    MAKING = "making", _("being made")
    READY = "ready", _("ready")
    FAILED = "failed", _("failed")
    GONE = "gone", _("removed")


class Phase(models.TextChoices):
    GATHER = "gather", _("figures are gathered")
    LAYOUT = "layout", _("pages are laid out")
    WRITE = "write", _("the file is written")


def _place(paper, ending):
    return f"papers/{paper.uid.hex[:2]}/{paper.uid.hex}{ending}"


def pdf_place(paper, name):
    """Where the file lies: a random name that says nothing of what is in it."""
    return _place(paper, ".pdf")


def xlsx_place(paper, name):
    return _place(paper, ".xlsx")


class PaperQuerySet(models.QuerySet):
    def visible_to(self, user):
        """One's own papers only: what is on them follows the posts of the person who had them made."""
        return self.filter(owner_id=user.pk) if user.pk and user.is_active else self.none()

    def unfinished(self):
        return self.filter(status__in=[Status.WAITING, Status.MAKING])


class Paper(models.Model):
    """Something to be printed: asked for by a person, made by a job, kept for some days (papers.services).

    `options` is what the form of its kind gave, as JSON; `grid` the territory it is about. `done` of `total` are
    parts that the job has finished. `problem`: {"words": …} for people, or {"code": "fault" | "stopped"}.
    """

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="papers", verbose_name=_("who")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    title = models.CharField(_("title"), max_length=160)
    options = models.JSONField(_("options"), default=dict)
    grid = models.ForeignKey("grids.Grid", models.PROTECT, related_name="+", verbose_name=_("territory"))
    language = models.CharField(max_length=10, default="zh-hans")
    unmasked = models.BooleanField(_("with private data in clear"), default=False)
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.WAITING, editable=False)
    phase = models.CharField(max_length=8, choices=Phase, blank=True, default="")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0, help_text="How often a job has begun it.")
    pages = models.PositiveIntegerField(_("pages"), default=0)
    problem = models.JSONField(default=dict, blank=True)
    file = models.FileField(upload_to=pdf_place, max_length=200, blank=True)
    sheet = models.FileField(upload_to=xlsx_place, max_length=200, blank=True)
    created_at = models.DateTimeField(_("asked for"), default=timezone.now)
    started_at = models.DateTimeField(_("begun"), null=True, blank=True)
    as_of = models.DateTimeField(_("data as of"), null=True, blank=True)
    ready_at = models.DateTimeField(_("finished"), null=True, blank=True)
    expires_at = models.DateTimeField(_("kept until"), null=True, blank=True)

    objects = PaperQuerySet.as_manager()

    class Meta:
        verbose_name = _("paper")
        verbose_name_plural = _("papers")
        ordering = ["-id"]
        permissions = [
            ("make_sign", "Signs, cards, wall maps 公示牌、联系卡、网格图"),
            ("make_case", "Case files 案卷"),
            ("make_report", "Reports 报告"),
        ]
        constraints = [
            models.CheckConstraint(name="papers_paper_status_known", condition=Q(status__in=Status.values)),
            models.CheckConstraint(name="papers_paper_kind_known", condition=Q(kind__in=Kind.values)),
            models.CheckConstraint(
                name="papers_paper_unmasked_has_reason", condition=Q(unmasked=False) | ~Q(reason="")
            ),
        ]
        indexes = [
            models.Index(name="papers_paper_owner", fields=["owner", "-id"]),
            models.Index(
                name="papers_paper_unfinished", fields=["id"], condition=Q(status__in=["waiting", "making"])
            ),
            models.Index(name="papers_paper_expires", fields=["expires_at"], condition=Q(status="ready")),
        ]

    def __str__(self):
        return self.title

    @property
    def percent(self) -> int:
        return min(99, self.done * 100 // self.total) if self.total else 0
