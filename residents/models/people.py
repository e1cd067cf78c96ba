from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core import ciphers
from core.fields import EncryptedField
from residents import codes, derived
from residents.models.base import Registered, RegistryQuerySet
from residents.models.place import Dwelling


class Household(Registered):
    """A household (户): those who live together under one household number."""

    number = models.CharField(_("household number"), max_length=32, blank=True, default="")
    kind = models.CharField(
        _("kind"), max_length=10, choices=codes.choices(codes.HOUSEHOLD_KIND), default="family"
    )
    head = models.ForeignKey(
        "residents.Resident", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("head")
    )
    dwelling = models.ForeignKey(
        Dwelling,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="households",
        verbose_name=_("dwelling"),
    )

    objects = RegistryQuerySet.as_manager()

    class Meta:
        verbose_name = _("household")
        verbose_name_plural = _("households")
        constraints = [
            models.UniqueConstraint(
                name="residents_household_number_once",
                fields=["number"],
                condition=~Q(number="") & Q(ended_on=None),
                violation_error_message=_("There is a household with this number already."),
            )
        ]

    def __str__(self):
        return self.number or f"#{self.pk}"


class ResidentQuerySet(RegistryQuerySet):
    def living(self):
        """Who lives here now: neither dead, nor departed, nor archived."""
        return self.filter(status=Resident.Status.LIVING)


class Resident(Registered):
    """A person (居民). ID number, phone and exact birth date are encrypted for everybody: if only those of a
    statutory register were, the gap would tell who is in one. `birth_month` (its first day) is what figures and
    ages are counted from. `id_tag`, `tail_tag`, `phone_tag` are keyed hashes to find people by.
    """

    class Status(models.TextChoices):
        LIVING = "living", _("living here")
        DEPARTED = "departed", _("departed")
        DEAD = "dead", _("dead")

    name = models.CharField(_("full name"), max_length=60, db_index=True)
    pinyin = models.CharField(max_length=160, editable=False, default="", db_index=True)
    initials = models.CharField(max_length=40, editable=False, default="", db_index=True)
    sex = models.CharField(_("sex"), max_length=1, choices=codes.choices(codes.SEX), default="9")
    birth_date = EncryptedField(_("birth date"), blank=True, default="")
    birth_month = models.DateField(_("birth month"), null=True, blank=True, editable=False)
    id_kind = models.CharField(
        _("kind of document"), max_length=3, choices=codes.choices(codes.ID_KIND), default=codes.ID_CARD
    )
    id_number = EncryptedField(_("ID number"), blank=True, default="")
    id_tag = models.CharField(max_length=22, blank=True, default="", editable=False)
    tail_tag = models.CharField(max_length=22, blank=True, default="", editable=False)
    phone = EncryptedField(_("phone"), blank=True, default="")
    phone_tag = models.CharField(max_length=22, blank=True, default="", editable=False)

    household = models.ForeignKey(
        Household, models.SET_NULL, null=True, blank=True, related_name="members", verbose_name=_("household")
    )
    relation = models.CharField(
        _("relation to the head"), max_length=2, choices=codes.choices(codes.RELATION), blank=True, default=""
    )
    dwelling = models.ForeignKey(
        Dwelling, models.SET_NULL, null=True, blank=True, related_name="residents", verbose_name=_("lives in")
    )
    population = models.CharField(
        _("population"), max_length=10, choices=codes.choices(codes.POPULATION), default="registered"
    )
    hukou_address = models.CharField(_("registered (hukou) address"), max_length=160, blank=True, default="")
    hukou_here = models.BooleanField(_("registered where they live 人户一致"), default=True)
    ethnicity = models.CharField(
        _("ethnicity (as on the ID card)"),
        max_length=2,
        choices=codes.choices(codes.ETHNICITY),
        blank=True,
        default="",
    )
    education = models.CharField(
        _("education"), max_length=2, choices=codes.choices(codes.EDUCATION), blank=True, default=""
    )
    marriage = models.CharField(
        _("marital status"), max_length=2, choices=codes.choices(codes.MARRIAGE), blank=True, default=""
    )
    political = models.CharField(
        _("political status"), max_length=2, choices=codes.choices(codes.POLITICAL), blank=True, default=""
    )
    occupation = models.CharField(_("occupation"), max_length=60, blank=True, default="")
    inflow_reason = models.CharField(
        _("reason of coming"), max_length=2, choices=codes.choices(codes.INFLOW), blank=True, default=""
    )
    inflow_from = models.CharField(_("came from"), max_length=80, blank=True, default="")
    permit_expires = models.DateField(_("residence permit expires"), null=True, blank=True, db_index=True)

    status = models.CharField(
        _("status"), max_length=8, choices=Status, default=Status.LIVING, editable=False
    )
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True, editable=False)

    objects = ResidentQuerySet.as_manager()

    class Meta:
        verbose_name = _("resident")
        verbose_name_plural = _("residents")
        permissions = [
            ("view_registry", "May read the registry, private fields masked"),
            ("edit_registry", "May change the registry"),
            ("unmask_registry", "May unmask private fields of one record with a reason"),
            ("import_registry", "May import files into the registry"),
            ("export_registry", "May export the registry, private fields masked"),
            ("export_unmasked", "May export private fields with a reason"),
        ]
        constraints = [
            models.UniqueConstraint(
                name="residents_resident_id_once",
                fields=["id_tag"],
                condition=~Q(id_tag=""),
                violation_error_message=_("There is a resident with this ID number already."),
            ),
            models.CheckConstraint(
                name="residents_resident_status_known", condition=Q(status__in=["living", "departed", "dead"])
            ),
        ]
        indexes = [
            models.Index(
                name="residents_resident_tail_name", fields=["tail_tag", "name"], condition=~Q(tail_tag=""),
                opclasses=["varchar_pattern_ops", "varchar_pattern_ops"],
            ),
            models.Index(name="residents_resident_phone", fields=["phone_tag"], condition=~Q(phone_tag="")),
            models.Index(name="residents_resident_birth", fields=["grid", "birth_month"]),
        ]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        derived.complete(self)
        super().save(*args, **kwargs)

    @property
    def masked_id_number(self) -> str:
        return ciphers.mask_id_number(self.id_number)

    @property
    def masked_phone(self) -> str:
        return ciphers.mask_phone(self.phone)

    @property
    def age(self) -> int | None:
        """Completed years by the month: exact to a month, as the exact day is private."""
        if self.birth_month is None:
            return None
        return age_on(self.birth_month, timezone.localdate())


def age_on(birth: date, day: date) -> int:
    """Completed years on `day`."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


class PersonQuerySet(RegistryQuerySet):
    """Rows of a person, from a day until a day: whoever may see the grid they concern."""

    def not_over(self, day: date):
        """Without an end, or with one that lies after the day: a fixed term, too."""
        return self.filter(Q(until=None) | Q(until__gt=day))

    def running(self, day: date):
        """Begun, and not over. Who came and went on the same day lived here on no day's end."""
        return self.not_over(day).filter(since__lte=day)


class Stay(models.Model):
    """Where somebody lived from a day until a day: "who lived here then", "where has this person lived since"."""

    class Began(models.TextChoices):
        RECORDED = "recorded", _("recorded")
        BORN = "born", _("born")
        MOVED_IN = "moved_in", _("moved in")
        WITHIN = "within", _("moved within the county")
        SPLIT = "split", _("household split")
        MERGED = "merged", _("households merged")

    class Ended(models.TextChoices):
        DIED = "died", _("died")
        MOVED_OUT = "moved_out", _("moved out")
        WITHIN = "within", _("moved within the county")
        SPLIT = "split", _("household split")
        MERGED = "merged", _("households merged")

    resident = models.ForeignKey(Resident, models.CASCADE, related_name="stays", verbose_name=_("resident"))
    household = models.ForeignKey(
        Household, models.SET_NULL, null=True, blank=True, related_name="stays", verbose_name=_("household")
    )
    dwelling = models.ForeignKey(
        Dwelling, models.SET_NULL, null=True, blank=True, related_name="stays", verbose_name=_("dwelling")
    )
    grid = models.ForeignKey("grids.Grid", models.PROTECT, related_name="+", verbose_name=_("grid"))
    since = models.DateField(_("since"))
    until = models.DateField(
        _("until"), null=True, blank=True, help_text=_("First day they no longer lived here.")
    )
    began = models.CharField(_("began by"), max_length=10, choices=Began, default=Began.RECORDED)
    ended = models.CharField(_("ended by"), max_length=10, choices=Ended, blank=True, default="")

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("stay")
        verbose_name_plural = _("stays")
        constraints = [
            models.CheckConstraint(
                name="residents_stay_period",
                condition=Q(until=None) | Q(until__gte=F("since")),
                violation_error_message=_("A stay must end after it begins."),
            ),
            models.UniqueConstraint(
                name="residents_stay_one_open", fields=["resident"], condition=Q(until=None)
            ),
        ]

    def __str__(self):
        return f"{self.resident} {self.since} – {self.until or ''}"


class Tenancy(models.Model):
    """A dwelling let to somebody from a day until a day (租赁)."""

    dwelling = models.ForeignKey(
        Dwelling, models.CASCADE, related_name="tenancies", verbose_name=_("dwelling")
    )
    tenant = models.ForeignKey(
        Resident, models.SET_NULL, null=True, blank=True, related_name="tenancies", verbose_name=_("tenant")
    )
    organisation = models.ForeignKey(
        "residents.Organisation", models.SET_NULL, null=True, blank=True, related_name="tenancies",
        verbose_name=_("organisation"),
    )  # fmt: skip
    grid = models.ForeignKey("grids.Grid", models.PROTECT, related_name="+", verbose_name=_("grid"))
    since = models.DateField(_("since"))
    until = models.DateField(_("until"), null=True, blank=True)
    contract = models.CharField(_("contract number"), max_length=40, blank=True, default="")

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("tenancy")
        verbose_name_plural = _("tenancies")
        constraints = [
            models.CheckConstraint(
                name="residents_tenancy_period",
                condition=Q(until=None) | Q(until__gte=F("since")),
                violation_error_message=_("A tenancy must end after it begins."),
            ),
            models.CheckConstraint(
                name="residents_tenancy_of_somebody",
                condition=Q(tenant__isnull=False) | Q(organisation__isnull=False) | Q(until__isnull=False),
                violation_error_message=_("A tenancy needs a tenant."),
            ),
        ]

    def __str__(self):
        return f"{self.dwelling} {self.since} – {self.until or ''}"

    @property
    def is_over(self) -> bool:
        """An end that lies ahead, as of a fixed term, has not come."""
        return self.until is not None and self.until <= timezone.localdate()
