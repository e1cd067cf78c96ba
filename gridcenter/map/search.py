"""The map's search box: a grid, an address, a person in charge; each hit has a grid or a place to go to."""

from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.roles import ROLES, WORKER_ROLES
from events.selectors import with_position
from grids import names as grid_names
from grids.models import Grid, Post
from residents.models import Building, KeyPlace
from residents.selectors.search import search as in_registry

MOST = 6  # of each kind
LONGEST = 40
IN_CHARGE = {*WORKER_ROLES, "grid_leader", "centre_head", "cadre"}


@dataclass(frozen=True)
class Hit:
    """`grid`: where to go; `lon`, `lat`: the spot to show there, if one is known."""

    title: str
    place: str
    grid: int
    lon: float | None = None
    lat: float | None = None


def search(user, typed: str) -> list[tuple[str, str, list[Hit]]]:
    """[(icon, kind, hits)] without empty kinds; nothing for no words."""
    words = typed.replace("\0", "").strip()[:LONGEST]
    if not words:
        return []
    known = grid_names.current()
    found = (
        ("sitemap", _("Grids"), _grids(user, words, known)),
        ("building", _("Addresses and places"), _places(user, words, known)),
        ("user", _("People in charge"), _people(user, words, known)),
    )
    return [group for group in found if group[2]]


def _name(known, pk) -> str:
    return known.grids.get(pk, {}).get("name", "")


def _grids(user, words, known):
    rows = Grid.objects.visible_to(user).valid_on().filter(Q(name__contains=words) | Q(code__startswith=words))
    return [
        Hit(name, _name(known, parent), pk)
        for pk, name, parent in rows.order_by("level", "code").values_list("pk", "name", "parent_id")[:MOST]
    ]


def _places(user, words, known):
    groups = {group.kind: group.hits[:MOST] for group in in_registry(user, words).groups}
    hits = []
    for kind, model in (("building", Building), ("place", KeyPlace)):
        wanted = {hit.pk: hit for hit in groups.get(kind, ())}
        rows = with_position(model.objects.visible_to(user).filter(pk__in=wanted)).values_list("pk", "lon", "lat", "grid_id")
        hits += [Hit(wanted[pk].title, _name(known, grid), grid, lon, lat) for pk, lon, lat, grid in rows] if wanted else []
    return hits[:MOST]


def _people(user, words, known):
    rows = (
        Post.objects.visible_to(user).on().filter(role__in=IN_CHARGE, user__name__contains=words)
        .order_by("user__name", "pk").values_list("user__name", "role", "grid_id", "unit__grid_id", "unit__name")
    )  # fmt: skip
    return [
        Hit(name, f"{ROLES[role].name} · {unit or _name(known, grid)}", grid or unit_grid)
        for name, role, grid, unit_grid, unit in rows[:MOST]
    ]
