"""What of grids, units, posts and people leaves the admin as files."""

import json
from collections.abc import Iterator
from datetime import timedelta

from django.contrib.gis.db.models.functions import AsGeoJSON
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from core import ciphers
from core.admin import Realm
from core.admin_export import Column, Format, by_key
from grids.models import Post

SHAPES_PIECE = 200  # boundaries per query: each has hundreds of points
DECIMALS = 7  # of a degree: a centimetre
PROPERTIES = ("code", "name", "level", "parent__code", "valid_from", "valid_until", "colour", "synthetic")
POST_PATHS = ("grid__path", "unit__grid__path")


def boundaries_geojson(admin, request, queryset) -> Iterator[bytes]:
    """A feature collection in WGS 84, as `import_boundaries` reads it; grids without a boundary are left out."""
    rows = queryset.filter(boundary__isnull=False).annotate(shape=AsGeoJSON("boundary", precision=DECIMALS))
    yield b'{"type":"FeatureCollection","features":['
    comma = ""
    for piece in by_key(rows, *PROPERTIES, "shape", size=SHAPES_PIECE):
        request.exported += len(piece)
        yield (comma + ",\n".join(_feature(*row) for row in piece)).encode()
        comma = ",\n"
    yield b"]}\n"


def _feature(_pk, *values) -> str:
    *told, shape = values
    given = {name.replace("__", "_"): value for name, value in zip(PROPERTIES, told, strict=True)}
    properties = json.dumps(given, ensure_ascii=False, default=str)
    return f'{{"type":"Feature","properties":{properties},"geometry":{shape}}}'


GEOJSON = Format(_("Export boundaries (GeoJSON)"), "application/geo+json", boundaries_geojson)

GRIDS = (
    "code",
    "name",
    "level",
    Column("parent__code", _("code of the parent")),
    Column("parent__name", _("parent")),
    "valid_from",
    "valid_until",
    "colour",
    "synthetic",
)
# The phone is the office's, which everybody may call. The file can be edited and imported again (import_units).
UNITS = (
    "code",
    "name",
    "kind",
    "department_kind__name",
    Column("grid__code", _("grid code")),
    Column("grid__name", _("territory or jurisdiction")),
    "phone",
    "active",
)


def _last_day(until):
    """Rolls name the last day a post is held, the table the first day it is not."""
    return "" if until is None else (until - timedelta(days=1)).isoformat()


def with_places(posts):
    return posts.annotate(
        place_code=Coalesce(F("grid__code"), F("unit__code")),
        place_name=Coalesce(F("grid__name"), F("unit__name")),
    )


# The headings of a staff roll: the file can be edited and imported again.
POSTS = (
    "user__staff_number",
    Column("user__name", _("full name")),
    Column("user__username", _("user name")),
    "role",
    Column("place_code", _("grid or unit code")),
    Column("place_name", _("grid or unit")),
    "since",
    Column("until", _("last day"), _last_day),
)


def _posts_of(request, people) -> dict[int, str]:
    """The posts of today of these people, as far as they lie in the administrator's subtree."""
    held = Post.objects.filter(Realm.of(request.user).q("grids.view_post", *POST_PATHS), user__in=people).on()
    found: dict[int, list[str]] = {}
    for post in held.select_related("grid", "unit__grid").defer("grid__boundary", "unit__grid__boundary"):
        found.setdefault(post.user_id, []).append(f"{post.get_role_display()} {post.grid or post.unit}")
    return {person: "；".join(words) for person, words in found.items()}


PEOPLE = (
    "username",
    Column("name", _("full name")),
    "staff_number",
    Column("phone", _("phone"), ciphers.mask_phone),
    Column("id_number", _("ID number"), ciphers.mask_id_number),
    "kind",
    "is_active",
    "is_staff",
    "last_login",
    "date_joined",
    Column("pk", _("posts today"), gather=_posts_of),
)
