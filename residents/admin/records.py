"""The registry in the admin: buildings, dwellings, households, people, organisations, places of the own subtree."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from core import ciphers
from residents.admin.base import Living, LookedAtAdmin, RegistryAdmin, masked
from residents.models import Building, Dwelling, Household, KeyPlace, Organisation, Resident, Stay, Tenancy
from residents.services.trail import MASKS


@admin.register(Building)
class BuildingAdmin(RegistryAdmin):
    kind = "building"
    list_display = ("address", "kind", "storeys", "units", "grid", "ended_on")
    list_filter = ("kind",)
    search_fields = ("address", "estate", "number")
    autocomplete_fields = ("grid", "head")
    when_made = ("grid",)
    base_fields = (
        "address",
        "estate",
        "number",
        "kind",
        "storeys",
        "units",
        "households_planned",
        "built",
        "head",
    )
    has_position = True


@admin.register(Dwelling)
class DwellingAdmin(RegistryAdmin):
    kind = "dwelling"
    list_display = ("building", "door_column", "use", "owner_name", "phone_column", "grid", "ended_on")
    list_filter = ("use",)
    search_fields = ("door", "building__address")
    autocomplete_fields = ("building",)
    when_made = ("building",)
    base_fields = ("unit", "storey", "door", "use", "area", "owner_name", "dangers")
    private = ("owner_phone",)
    owner_phone_shown = phone_column = masked("owner_phone", ciphers.mask_phone, _("owner's phone"))

    @admin.display(description=_("door number"), ordering="door")
    def door_column(self, dwelling):
        return dwelling.short

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .select_related("building")
            .defer("grid__boundary", "building__location")
        )


@admin.register(Household)
class HouseholdAdmin(RegistryAdmin):
    kind = "household"
    list_display = ("__str__", "kind", "head", "grid", "ended_on")
    list_filter = ("kind",)
    search_fields = ("number", "head__name")
    autocomplete_fields = ("grid", "dwelling")
    when_made = ("dwelling",)
    base_fields = ("number", "kind")

    def get_queryset(self, request):
        rows = super().get_queryset(request).select_related("head")
        return rows.defer("grid__boundary", "head__id_number", "head__phone", "head__birth_date")


@admin.register(Resident)
class ResidentAdmin(RegistryAdmin):
    """People. Who leaves or dies is recorded on the registry's own pages; ethnicity is in no list and no filter."""

    kind = "resident"
    list_display = ("name", "id_column", "phone_column", "sex", "population", "grid", "status")
    list_filter = (Living, "population", "hukou_here")
    search_fields = ("name", "pinyin__startswith", "initials__startswith")
    autocomplete_fields = ("household", "dwelling", "grid")
    when_made = ("household",)
    base_fields = (
        "name", "id_kind", "sex", "relation", "population", "hukou_address", "hukou_here", "inflow_reason",
        "inflow_from", "permit_expires", "marriage", "education", "political", "occupation", "ethnicity",
    )  # fmt: skip
    private = ("id_number", "phone", "birth_date")
    can_end = False
    id_number_shown = id_column = masked("id_number", ciphers.mask_id_number, _("ID number"))
    phone_shown = phone_column = masked("phone", ciphers.mask_phone, _("phone"))
    birth_date_shown = masked("birth_date", MASKS["birth_date"], _("birth date"))


@admin.register(Organisation)
class OrganisationAdmin(RegistryAdmin):
    kind = "organisation"
    list_display = (
        "name",
        "credit_code",
        "kind",
        "legal_person",
        "phone_shown",
        "safety",
        "grid",
        "ended_on",
    )
    list_filter = ("kind", "safety")
    search_fields = ("name", "initials__startswith", "credit_code")
    autocomplete_fields = ("grid", "dwelling")
    when_made = ("grid",)
    base_fields = (
        "name", "credit_code", "kind", "legal_person", "staff", "safety", "business", "dwelling", "address",
    )  # fmt: skip
    private = ("phone",)
    has_position = True
    phone_shown = masked("phone", ciphers.mask_phone, _("phone"))


@admin.register(KeyPlace)
class KeyPlaceAdmin(RegistryAdmin):
    kind = "place"
    list_display = ("name", "kind", "responsible_name", "phone_column", "next_inspection", "grid", "ended_on")
    list_filter = ("kind", "safety")
    search_fields = ("name", "initials__startswith", "address")
    autocomplete_fields = ("grid", "organisation")
    when_made = ("grid",)
    base_fields = (
        "name", "kind", "organisation", "responsible_name", "address", "inspection_days", "inspected_on",
        "next_inspection", "safety",
    )  # fmt: skip
    private = ("responsible_phone",)
    has_position = True
    responsible_phone_shown = phone_column = masked(
        "responsible_phone", ciphers.mask_phone, _("responsible person's phone")
    )


OF_PERSON = ("resident__id_number", "resident__phone", "resident__birth_date")


@admin.register(Stay)
class StayAdmin(LookedAtAdmin):
    list_display = ("resident", "dwelling", "since", "until", "began", "ended", "grid")
    list_filter = ("began", "ended")
    search_fields = ("resident__name",)
    fields = ("resident", "household", "dwelling", "grid", "since", "until", "began", "ended")

    def get_queryset(self, request):
        rows = super().get_queryset(request).select_related("resident", "dwelling")
        return rows.defer("grid__boundary", "dwelling__owner_phone", *OF_PERSON)


@admin.register(Tenancy)
class TenancyAdmin(LookedAtAdmin):
    list_display = ("dwelling", "tenant", "organisation", "since", "until", "contract", "grid")
    search_fields = ("tenant__name", "organisation__name", "contract")
    fields = ("dwelling", "tenant", "organisation", "grid", "since", "until", "contract")

    def get_queryset(self, request):
        rows = super().get_queryset(request).select_related("tenant", "organisation", "dwelling")
        return rows.defer(
            "grid__boundary", "dwelling__owner_phone", "organisation__phone", "tenant__id_number", "tenant__phone",
            "tenant__birth_date",
        )  # fmt: skip
