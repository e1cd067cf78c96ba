from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.fields import EncryptedField
from residents import codes, derived
from residents.models.base import Registered, RegistryQuerySet


class Building(Registered):
    """A building (楼栋): what a worker stands before. `estate` and `number` make its address: 阳光花园 3 栋."""

    estate = models.CharField(_("estate or road"), max_length=80, blank=True, default="")
    number = models.CharField(_("building number"), max_length=20, blank=True, default="")
    address = models.CharField(_("address"), max_length=160)
    kind = models.CharField(
        _("kind"), max_length=12, choices=codes.choices(codes.BUILDING_KIND), default="residential"
    )
    storeys = models.PositiveSmallIntegerField(_("storeys above ground"), default=1)
    units = models.PositiveSmallIntegerField(_("units (staircases)"), default=1)
    households_planned = models.PositiveIntegerField(_("households by plan"), null=True, blank=True)
    built = models.PositiveSmallIntegerField(_("year built"), null=True, blank=True)
    head = models.ForeignKey(
        "residents.Resident", models.SET_NULL, null=True, blank=True, related_name="heads_of",
        verbose_name=_("building head"),
    )  # fmt: skip
    location = models.PointField(_("position"), srid=4326, null=True, blank=True)

    objects = RegistryQuerySet.as_manager()

    class Meta:
        verbose_name = _("building")
        verbose_name_plural = _("buildings")
        constraints = [
            models.UniqueConstraint(
                name="residents_building_address_once",
                fields=["grid", "address"],
                condition=Q(ended_on=None),
                violation_error_message=_("There is a building with this address in this grid already."),
            ),
            models.CheckConstraint(
                name="residents_building_storeys",
                condition=Q(storeys__gte=1, storeys__lte=150, units__gte=1, units__lte=60),
                violation_error_message=_("Expected 1 to 150 storeys and 1 to 60 units."),
            ),
        ]
        indexes = [
            # For what an address begins with, whatever language the database sorts in.
            models.Index(
                name="residents_building_estate",
                fields=["estate", "number"],
                opclasses=["varchar_pattern_ops", "varchar_pattern_ops"],
            ),
            models.Index(
                name="residents_building_address", fields=["address"], opclasses=["varchar_pattern_ops"]
            ),
            models.Index(name="residents_building_number", fields=["number"]),
        ]

    def __str__(self):
        return self.address


class Dwelling(Registered):
    """A dwelling or shop behind one door (房屋): unit 单元, storey, door number 501."""

    building = models.ForeignKey(
        Building, models.PROTECT, related_name="dwellings", verbose_name=_("building")
    )
    unit = models.CharField(pgettext_lazy("of a building", "unit"), max_length=8, blank=True, default="")
    storey = models.SmallIntegerField(_("storey"), default=1, help_text=_("Below ground: negative."))
    door = models.CharField(
        _("door number"), max_length=16, blank=True, help_text=_("Empty: a house without doors, as a whole.")
    )
    use = models.CharField(_("use"), max_length=8, choices=codes.choices(codes.DWELLING_USE), default="own")
    area = models.DecimalField(_("area (m²)"), max_digits=8, decimal_places=2, null=True, blank=True)
    owner_name = models.CharField(_("owner"), max_length=60, blank=True, default="")
    owner_phone = EncryptedField(_("owner's phone"), blank=True, default="")
    dangers = models.JSONField(_("hidden dangers"), default=list, blank=True)

    objects = RegistryQuerySet.as_manager()

    class Meta:
        verbose_name = _("dwelling")
        verbose_name_plural = _("dwellings")
        constraints = [
            models.UniqueConstraint(
                name="residents_dwelling_door_once",
                fields=["building", "unit", "door"],
                condition=Q(ended_on=None),
                violation_error_message=_("This door is in the registry already."),
            )
        ]
        indexes = [models.Index(name="residents_dwelling_door", fields=["door", "unit"])]

    def __str__(self):
        return self.short

    @property
    def short(self) -> str:
        """2单元501"""
        return f"{self.unit}单元{self.door}" if self.unit else self.door

    @property
    def full(self) -> str:
        """阳光花园3栋 2单元501"""
        return f"{self.building.address} {self.short}"


class Organisation(Registered):
    """An organisation (单位) with its unified social credit code (GB 32100)."""

    name = models.CharField(_("organisation"), max_length=120, db_index=True)
    pinyin = models.CharField(max_length=400, editable=False, default="")
    initials = models.CharField(max_length=120, editable=False, default="", db_index=True)
    credit_code = models.CharField(_("unified social credit code"), max_length=18, blank=True, default="")
    kind = models.CharField(
        _("kind"), max_length=12, choices=codes.choices(codes.ORGANISATION_KIND), default="enterprise"
    )
    legal_person = models.CharField(_("legal representative"), max_length=60, blank=True, default="")
    phone = EncryptedField(_("phone"), blank=True, default="")
    staff = models.PositiveIntegerField(_("staff"), null=True, blank=True)
    safety = models.CharField(
        _("safety class"), max_length=1, choices=codes.choices(codes.SAFETY), blank=True, default=""
    )
    business = models.CharField(_("line of business"), max_length=120, blank=True, default="")
    dwelling = models.ForeignKey(
        Dwelling,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="organisations",
        verbose_name=_("premises"),
    )
    address = models.CharField(_("address"), max_length=160, blank=True, default="")
    location = models.PointField(_("position"), srid=4326, null=True, blank=True)

    objects = RegistryQuerySet.as_manager()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        constraints = [
            models.UniqueConstraint(
                name="residents_organisation_code_once",
                fields=["credit_code"],
                condition=~Q(credit_code="") & Q(ended_on=None),
                violation_error_message=_("There is an organisation with this credit code already."),
            )
        ]
        indexes = [
            models.Index(
                name="residents_organisation_pinyin", fields=["pinyin"], opclasses=["varchar_pattern_ops"]
            )
        ]

    def save(self, *args, **kwargs):
        self.pinyin, self.initials = derived.pinyin_of(self.name)
        super().save(*args, **kwargs)

    def __str__(self):
        return self.name


class KeyPlace(Registered):
    """A place that is looked after at intervals (重点场所): schools, clinics, markets, 九小场所 …"""

    name = models.CharField(_("place"), max_length=120, db_index=True)
    pinyin = models.CharField(max_length=400, editable=False, default="")
    initials = models.CharField(max_length=120, editable=False, default="", db_index=True)
    kind = models.CharField(_("kind"), max_length=20, choices=codes.choices(codes.PLACE_KIND))
    organisation = models.ForeignKey(
        Organisation,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="places",
        verbose_name=_("organisation"),
    )
    responsible_name = models.CharField(_("responsible person"), max_length=60, blank=True, default="")
    responsible_phone = EncryptedField(_("responsible person's phone"), blank=True, default="")
    address = models.CharField(_("address"), max_length=160, blank=True, default="")
    location = models.PointField(_("position"), srid=4326, null=True, blank=True)
    inspection_days = models.PositiveSmallIntegerField(_("inspection interval (days)"), default=30)
    inspected_on = models.DateField(_("last inspected"), null=True, blank=True)
    next_inspection = models.DateField(_("next inspection"), null=True, blank=True, db_index=True)
    safety = models.CharField(
        _("safety class"), max_length=1, choices=codes.choices(codes.SAFETY), blank=True, default=""
    )

    objects = RegistryQuerySet.as_manager()

    class Meta:
        verbose_name = _("key place")
        verbose_name_plural = _("key places")
        constraints = [
            models.CheckConstraint(
                name="residents_keyplace_interval",
                condition=Q(inspection_days__gte=1, inspection_days__lte=730),
                violation_error_message=_("Expected 1 to 730 days."),
            )
        ]

    def save(self, *args, **kwargs):
        self.pinyin, self.initials = derived.pinyin_of(self.name)
        super().save(*args, **kwargs)

    def __str__(self):
        return self.name
