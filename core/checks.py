"""What an administrator must be told about the settings, as Django system checks."""

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register
from django.utils.translation import gettext as _

from core import basemap


@register(Tags.compatibility)
def base_map_can_be_drawn(app_configs=None, **kwargs):
    """core.E001: the map's pictures would not be found; core.W001: a base map without a word on whose it is."""
    url = settings.MAP_TILES_URL
    found = [Error(words, id="core.E001") for words in basemap.faults(url, settings.MAP_TILES_CRS)]
    if url and not settings.MAP_TILES_ATTRIBUTION:
        hint = _("Chinese law (测绘法, 地图管理条例) asks for the source and the review number (审图号) on a map.")
        found.append(Warning(_("MAP_TILES_ATTRIBUTION is empty."), hint=hint, id="core.W001"))
    return found
