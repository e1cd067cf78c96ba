"""The base map of the settings: where its pictures come from, in which coordinate system, and what cannot be done."""

from urllib.parse import urlsplit

from django.utils.translation import gettext as _

# Tile matrix of the service: web mercator; the same squares drawn in China's shifted coordinates; degrees.
MERCATOR, SHIFTED, DEGREES = "EPSG:3857", "GCJ-02", ("EPSG:4490", "EPSG:4326")
KNOWN = (MERCATOR, SHIFTED, *DEGREES)
# A WMTS address says the same in other words (OGC 07-057r7, RESTful templates).
WORDS = {"{TileMatrix}": "{z}", "{TileCol}": "{x}", "{TileRow}": "{y}"}


def address(url: str) -> str:
    """The template with {z}, {x} and {y}, whichever words it came with."""
    for theirs, ours in WORDS.items():
        url = url.replace(theirs, ours).replace(theirs.lower(), ours)
    return url


def told(url: str, crs: str) -> str:
    """The template as pages get it: another system than web mercator stands behind a #, which no server is sent."""
    return address(url) + (f"#{crs}" if url and crs != MERCATOR else "")


def origin(url: str) -> str:
    """Scheme and host, for the content security policy; empty for an address of our own or none."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") and parts.netloc else ""


def faults(url: str, crs: str) -> list[str]:
    """What is wrong with the settings, in words."""
    if not url:
        return []
    found = []
    missing = [mark for mark in ("{z}", "{x}", "{y}") if mark not in address(url)]
    if missing:
        found.append(_("MAP_TILES_URL lacks %(marks)s.") % {"marks": ", ".join(missing)})
    if "{s}" in url:
        found.append(_("MAP_TILES_URL has {s}: name one host, the policy of the pages allows no other."))
    if not origin(url) and not url.startswith("/"):
        found.append(_("MAP_TILES_URL must begin with http://, https:// or /."))
    if crs not in KNOWN:
        found.append(
            _("MAP_TILES_CRS is %(crs)s: known are %(known)s. BD-09 cannot be drawn.")
            % {"crs": crs, "known": ", ".join(KNOWN)}
        )
    return found
