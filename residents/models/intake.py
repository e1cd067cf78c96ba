from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.fields import EncryptedField


class ImportKind(models.TextChoices):
    PEOPLE = "people", _("residents with dwellings and households")
    BUILDING = "building", _("buildings")
    DWELLING = "dwelling", _("dwellings")
    HOUSEHOLD = "household", _("households")
    RESIDENT = "resident", _("residents")
    ORGANISATION = "organisation", _("organisations")
    PLACE = "place", _("key places")
    CARE = "care", _("entries of a register")
    TENANCY = "tenancy", _("tenancies")
    HEAD = "head", _("building heads")


class ImportStatus(models.TextChoices):
    WAITING = "waiting", _("waiting to be read")
    READING = "reading", _("being read")
    REFUSED = "refused", pgettext_lazy("import", "refused")
    READY = "ready", _("to be looked through")
    QUEUED = "queued", _("waiting to be applied")
    APPLYING = "applying", _("being applied")
    APPLIED = "applied", _("applied")
    UNDOING = "undoing", _("being undone")
    UNDONE = "undone", _("undone")
    DROPPED = "dropped", _("discarded")


class ImportQuerySet(models.QuerySet):
    def visible_to(self, user):
        """One's own imports only: a preview shows what the file says about people."""
        return self.filter(user_id=user.pk)


class ImportBatch(models.Model):
    """One file that somebody brings into the registry. Its rows lie in tables of their own (residents.intake.stage)
    until it is applied and can no longer be undone. `problem` is a code of residents.intake.words with its facts.
    `register`: the code of the class whose entries the file brings; then `name` says nothing, for a file is called
    after its register.
    """

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="registry_imports", verbose_name=_("who")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=ImportKind)
    register = EncryptedField(_("register"), blank=True, default="", editable=False)
    name = models.CharField(_("file"), max_length=120)
    file = models.FileField(upload_to="registry/imports/", blank=True)
    size = models.BigIntegerField(_("size in bytes"), default=0)
    sha256 = models.CharField(max_length=64, blank=True, default="")
    status = models.CharField(
        _("status"), max_length=10, choices=ImportStatus, default=ImportStatus.WAITING, db_index=True
    )
    problem = models.JSONField(_("why it was refused"), default=dict, blank=True)
    done = models.PositiveIntegerField(_("rows read"), default=0)
    total = models.PositiveIntegerField(_("rows in the file"), default=0)
    headings = models.JSONField(_("headings"), default=dict, blank=True)
    counts = models.JSONField(_("what was found"), default=dict, blank=True)
    seen_change = models.BigIntegerField(default=0, editable=False)
    started_at = models.DateTimeField(_("work began"), null=True, blank=True)
    created_at = models.DateTimeField(_("uploaded"), default=timezone.now)
    applied_at = models.DateTimeField(_("applied"), null=True, blank=True)
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    without_wrong = models.BooleanField(_("rows with mistakes left out"), default=False)

    objects = ImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]

    def __str__(self):
        return f"#{self.pk} {self.name}"
