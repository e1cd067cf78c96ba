"""What was changed, and who looked: both append-only by database triggers (residents.triggers)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import roles
from core.sql import WritingTransaction
from residents import care
from residents.models.base import RegistryQuerySet
from residents.models.care import CareRecord

VIEW_ACCESS = "residents.view_access"


class Kind(models.TextChoices):
    BUILDING = "building", _("building")
    DWELLING = "dwelling", _("dwelling")
    HOUSEHOLD = "household", _("household")
    RESIDENT = "resident", _("resident")
    ORGANISATION = "organisation", _("organisation")
    PLACE = "place", _("key place")
    CARE = "care", _("care record")
    SUPPORT = "support", _("statutory support record")
    EVENT = "event", _("event")  # a printed case file (papers): events keep no log of their own
    CLASS = "class", _("class of care")  # its roles: who may know of it


class ChangeQuerySet(RegistryQuerySet):
    def permitted(self, user, permission: str):
        """Without statutory registers (residents.services.support reads those), and of care records only those of
        classes that the person may know of."""
        known = CareRecord.objects.permitted(user, permission).values("pk")
        rows = super().permitted(user, permission).exclude(kind=Kind.SUPPORT)
        return rows.filter(~Q(kind=Kind.CARE) | Q(record_id__in=known))


class Change(models.Model):
    """One change of one record: who, when, from, to. Private values stand here masked.

    `changes`: {field: [before, after]}, as shown to people. For a statutory register `sealed` holds them encrypted,
    with the class, and `changes` is empty. `xact` orders the feed as in events.Transition. `key`: what a form sends
    twice under one key is written once.
    """

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    record_id = models.BigIntegerField(_("record"))
    grid = models.ForeignKey("grids.Grid", models.PROTECT, related_name="+", verbose_name=_("grid"))
    at = models.DateTimeField(_("when"), default=timezone.now)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who"),
    )
    action = models.CharField(_("action"), max_length=20)
    changes = models.JSONField(_("changes"), default=dict)
    sealed = models.TextField(blank=True, default="")
    batch = models.UUIDField(_("import"), null=True, blank=True)
    key = models.CharField(max_length=64, null=True, blank=True, editable=False)
    xact = models.BigIntegerField(db_default=WritingTransaction(), editable=False)

    objects = ChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = pgettext_lazy("history", "changes")
        constraints = [
            models.UniqueConstraint(
                name="residents_change_key", fields=["user", "key"], condition=Q(key__isnull=False)
            )
        ]
        indexes = [
            models.Index(name="residents_change_record", fields=["kind", "record_id", "id"]),
            models.Index(name="residents_change_feed", fields=["xact", "id"]),
            models.Index(name="residents_change_batch", fields=["batch"], condition=Q(batch__isnull=False)),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} #{self.record_id}"


class AccessQuerySet(RegistryQuerySet):
    def permitted(self, user, permission: str):
        """What concerns a statutory register only where the person may know of that class."""
        rows = super().permitted(user, permission)
        return rows.filter(~Q(kind=Kind.SUPPORT) | care.support_q(user))

    def visible_to(self, user):
        return self.permitted(user, VIEW_ACCESS)


class Access(models.Model):
    """One look at private fields: an unmasking, an opened statutory file or list, an export, a person's own statement.
    Also each change of who may look: the roles of a class, with `fields` = [roles before, roles after].

    Of a statutory register neither `resident` nor a name of the class stands here: `record_id` is the file's, and
    `class_tag` is the keyed hash that only those who may know the class can ask for.
    """

    class Act(models.TextChoices):
        UNMASK = "unmask", _("unmasked")
        OPEN = "open", _("statutory file opened")
        EXPORT = "export", _("exported")
        STATEMENT = "statement", _("statement printed")
        LIST = "list", _("list of a statutory register opened")
        ROLES = "roles", _("roles of a class changed")

    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="registry_accesses", verbose_name=_("who")
    )
    act = models.CharField(pgettext_lazy("done", "what"), max_length=10, choices=Act)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    record_id = models.BigIntegerField(_("record"), null=True, blank=True)
    resident = models.ForeignKey(
        "residents.Resident", models.DO_NOTHING, null=True, blank=True, related_name="accesses", db_constraint=False,
        verbose_name=_("resident"),
    )  # fmt: skip
    grid = models.ForeignKey(
        "grids.Grid", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("grid")
    )
    fields = models.JSONField(_("fields"), default=list)
    reason = models.CharField(_("reason"), max_length=200)
    address = models.CharField(_("network address"), max_length=45, blank=True, default="")
    class_tag = models.CharField(max_length=22, blank=True, default="", editable=False)
    rows = models.PositiveIntegerField(_("records"), default=1)
    flags = models.JSONField(_("noticeable"), default=list, help_text="night, outside, many")
    flagged = models.BooleanField(_("is noticeable"), default=False, db_index=True)

    objects = AccessQuerySet.as_manager()

    class Meta:
        verbose_name = _("access to private data")
        verbose_name_plural = _("accesses to private data")
        indexes = [
            models.Index(name="residents_access_resident", fields=["resident", "-id"]),
            models.Index(name="residents_access_user", fields=["user", "at"]),
        ]

    def __str__(self):
        return f"{self.user} · {self.get_act_display()}"

    @property
    def told(self) -> str:
        """The reason; of changed roles from which to which."""
        if self.act != self.Act.ROLES:
            return self.reason
        return " → ".join("、".join(roles.names(codes)) or "—" for codes in self.fields)


class Erasure(models.Model):
    """That the personal data of a record were erased, by whom and why: it alone lets the history be emptied."""

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    record_id = models.BigIntegerField(_("record"))
    grid = models.ForeignKey("grids.Grid", models.PROTECT, related_name="+", verbose_name=_("grid"))
    at = models.DateTimeField(_("when"), default=timezone.now)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who"),
    )
    reason = models.CharField(_("reason"), max_length=200)

    objects = RegistryQuerySet.as_manager()

    class Meta:
        verbose_name = _("erasure of personal data")
        verbose_name_plural = _("erasures of personal data")
        indexes = [models.Index(name="residents_erasure_record", fields=["kind", "record_id"])]

    def __str__(self):
        return f"{self.get_kind_display()} #{self.record_id}"
