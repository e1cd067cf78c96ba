"""A pin on the map in a form: latitude and longitude, typed or clicked, over the outlines of the grids."""

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.widgets import SiteTemplate


class PinWidget(SiteTemplate, forms.Widget):
    """Latitude and longitude (WGS 84), with a map whose pin fills them.

    `map` replaces what the map shows: tiles, attribution, outlines_url or outlines (the id of GeoJSON on the page),
    home (a point to begin at).
    """

    template_name = "parts/pin.html"
    input_type = "pin"
    map: dict | None = None

    def value_from_datadict(self, data, files, name):
        return data.get("lat", "").strip(), data.get("lng", "").strip()

    def get_context(self, name, value, attrs):
        point = value if not isinstance(value, tuple) else None
        lat, lng = (f"{point.y:.6f}", f"{point.x:.6f}") if point else value or ("", "")
        context = super().get_context(name, value, attrs)
        context["widget"] |= {"lat": lat, "lng": lng, **(self.map or _whole_territory())}
        return context


def _whole_territory():
    return {
        "tiles": settings.MAP_TILES_URL, "attribution": settings.MAP_TILES_ATTRIBUTION,
        "outlines_url": reverse("grids:outlines"),
    }  # fmt: skip


class PinField(forms.Field):
    """(longitude, latitude) in degrees, WGS 84, or None."""

    widget = PinWidget

    def clean(self, value):
        lat, lng = value or ("", "")
        if not lat and not lng:
            if self.required:
                raise ValidationError(_("Set the pin on the map, or type latitude and longitude."))
            return None
        try:
            lon, lat = float(lng), float(lat)
        except ValueError:
            raise ValidationError(_("Latitude and longitude are numbers such as 27.655 and 113.497.")) from None
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise ValidationError(_("Latitude lies between -90 and 90, longitude between -180 and 180."))
        return lon, lat
