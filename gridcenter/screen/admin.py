"""Compositions of the wall screen: one of the whole territory changes them."""

import json

from django.contrib import admin

from core.admin import SharedAdmin
from core.admin_export import Column
from gridcenter.screen.models import ScreenLayout


@admin.register(ScreenLayout)
class ScreenLayoutAdmin(SharedAdmin):
    """Checked as a whole when saved: known panels, large enough, none upon another (screen.panels)."""

    list_display = ("name", "code", "active", "measure", "round_seconds", "sort")
    list_filter = ("active",)
    search_fields = ("name", "name_en", "code")
    fields = (("name", "name_en"), "code", ("active", "sort"), ("measure", "round_seconds"), "places")
    export_columns = (
        "code",
        "name",
        "name_en",
        "sort",
        "active",
        "measure",
        "round_seconds",
        Column("places", show=json.dumps),
    )
