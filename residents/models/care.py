import json

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import roles
from core import ciphers
from core.fields import EncryptedField
from residents import care, schema
from residents.models.base import RegistryQuerySet
from residents.models.people import Resident


class Attention(models.IntegerChoices):
    HIGH = 1, _("high")
    MIDDLE = 2, _("middle")
    LOW = 3, _("low")


class CareClass(models.Model):
    """A class of people who are looked after: a care register (关爱对象) or a statutory register (特殊人群).

    An administrator may add one without code: `fields` is its schema, [{"name", "label", "kind", "required",
    "choices"}], kinds as in residents.schema. `roles` are the roles that may know who is in it, or that it has
    anybody at all; a class without roles is seen by nobody.
    """

    class Group(models.TextChoices):
        CARE = "care", _("care register 关爱对象")
        STATUTORY = "statutory", _("statutory register 特殊人群")

    code = models.SlugField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("class"), max_length=40)
    name_en = models.CharField(_("class, in English"), max_length=80, blank=True, default="")
    group = models.CharField(pgettext_lazy("classes of care", "group"), max_length=10, choices=Group)
    purpose = models.TextField(
        _("purpose"), help_text=_("Which service needs to know who is in it, and for what.")
    )
    purpose_en = models.TextField(_("purpose, in English"), blank=True, default="")
    legal_basis = models.TextField(_("legal basis"), help_text=_("The statute and the article."))
    legal_basis_en = models.TextField(_("legal basis, in English"), blank=True, default="")
    fields = models.JSONField(_("own fields"), default=list, blank=True)
    roles = models.JSONField(_("roles that may see it"), default=list, blank=True)
    visit_days = models.PositiveSmallIntegerField(_("visit interval (days)"), default=30)
    keep_days = models.PositiveIntegerField(
        _("kept after the end (days)"), default=365, help_text=_("Then the entry is removed.")
    )
    order = models.PositiveSmallIntegerField(_("order"), default=100)
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("class of care")
        verbose_name_plural = _("classes of care")
        ordering = ["group", "order", "code"]
        constraints = [
            models.CheckConstraint(
                name="residents_careclass_reasoned",
                condition=~Q(purpose="") & ~Q(legal_basis=""),
                violation_error_message=_("A class needs a purpose and a legal basis."),
            ),
            models.CheckConstraint(
                name="residents_careclass_visits",
                condition=Q(visit_days__gte=1, visit_days__lte=730),
                violation_error_message=_("Expected 1 to 730 days."),
            ),
        ]

    def __str__(self):
        return self.label

    @property
    def label(self) -> str:
        """Its name in the language of the moment."""
        return schema.by_language(self.name, self.name_en)

    @property
    def what_for(self) -> str:
        """Its purpose in the language of the moment."""
        return schema.by_language(self.purpose, self.purpose_en)

    @property
    def basis(self) -> str:
        """Its legal basis in the language of the moment."""
        return schema.by_language(self.legal_basis, self.legal_basis_en)

    @property
    def statutory(self) -> bool:
        return self.group == self.Group.STATUTORY

    @property
    def role_names(self) -> list[str]:
        return roles.names(self.roles)


class CareQuerySet(RegistryQuerySet):
    def permitted(self, user, permission: str):
        """Also only of classes that one of the person's roles may know of there (residents.care)."""
        return super().permitted(user, permission).filter(care.care_q(user))

    def current(self):
        return self.filter(until=None)


class CareRecord(models.Model):
    """Somebody in a care register (关爱对象). Statutory registers are `SupportRecord`, never here.

    `data` holds the class's own fields as {"sealed": encrypted JSON}: read `values`, set them with `seal`.
    """

    resident = models.ForeignKey(Resident, models.CASCADE, related_name="care", verbose_name=_("resident"))
    care_class = models.ForeignKey(CareClass, models.PROTECT, related_name="records", verbose_name=_("class"))
    grid = models.ForeignKey("grids.Grid", models.PROTECT, related_name="+", verbose_name=_("grid"))
    attention = models.PositiveSmallIntegerField(_("attention"), choices=Attention, default=Attention.MIDDLE)
    responsible = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("responsible worker"),
    )  # fmt: skip
    visit_days = models.PositiveSmallIntegerField(_("visit interval (days)"))
    visited_on = models.DateField(_("last visit"), null=True, blank=True)
    next_visit = models.DateField(_("next visit due"), null=True, blank=True, db_index=True)
    since = models.DateField(_("since"))
    until = models.DateField(_("until"), null=True, blank=True)
    begin_reason = models.CharField(_("reason of the beginning"), max_length=200, blank=True, default="")
    end_reason = models.CharField(_("reason of the end"), max_length=200, blank=True, default="")
    data = models.JSONField(_("own fields"), default=dict, blank=True)

    objects = CareQuerySet.as_manager()

    class Meta:
        verbose_name = _("care record")
        verbose_name_plural = _("care records")
        constraints = [
            models.UniqueConstraint(
                name="residents_care_once",
                fields=["resident", "care_class"],
                condition=Q(until=None),
                violation_error_message=_("This person is in this register already."),
            ),
            models.CheckConstraint(
                name="residents_care_period",
                condition=Q(until=None) | Q(until__gte=F("since"), until__isnull=False) & ~Q(end_reason=""),
                violation_error_message=_("An end needs a reason and lies after the beginning."),
            ),
        ]

    def __str__(self):
        return f"{self.resident} · {self.care_class}"

    @property
    def values(self) -> dict:
        """The class's own fields in clear."""
        sealed = self.data.get("sealed", "") if isinstance(self.data, dict) else ""
        return json.loads(ciphers.decrypt(sealed)) if sealed else {}

    def seal(self, values: dict):
        """Take over the own fields; the stored form stays as it is where nothing differs."""
        if values != self.values:
            clear = json.dumps(values, ensure_ascii=False, sort_keys=True)
            self.data = {"sealed": ciphers.encrypt(clear)} if values else {}


class Visit(models.Model):
    """Somebody was with a person in a care register: who, on which day, what there was to say. Written once; it goes
    with its entry. Visits of statutory registers are sealed in their files (residents.services.support)."""

    record = models.ForeignKey(CareRecord, models.CASCADE, related_name="visits", verbose_name=_("entry"))
    day = models.DateField(_("visited on"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("who")
    )
    words = EncryptedField(_("what there was to say"), blank=True, default="")
    at = models.DateTimeField(_("noted"), default=timezone.now)

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        ordering = ["-day", "-id"]

    def __str__(self):
        return f"{self.record_id} {self.day}"


class SupportRecord(models.Model):
    """Somebody in a statutory register. In the database stands only the grid: who, which class and everything else
    is in `sealed` (encrypted JSON, residents.support), found by keyed hashes. Read and written by
    residents.services.support alone.
    """

    grid = models.ForeignKey("grids.Grid", models.PROTECT, related_name="+")
    class_tag = models.CharField(max_length=22)
    resident_tag = models.CharField(max_length=22, db_index=True)
    sealed = models.TextField()
    open = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("statutory support record")
        verbose_name_plural = _("statutory support records")
        indexes = [models.Index(name="residents_support_class", fields=["grid", "class_tag"])]
        constraints = [
            models.UniqueConstraint(
                name="residents_support_once", fields=["resident_tag", "class_tag"], condition=Q(open=True)
            )
        ]

    def __str__(self):
        return f"#{self.pk}"
