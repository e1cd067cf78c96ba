"""Who works in a grid, for papers: roles that are published with name and phone, and what workers do."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from accounts.roles import ROLES
from grids.models import Post

# In the order in which they stand on a sign. Desks, inspectors, leaders and administrators are not published.
PUBLISHED = (
    "grid_leader", "party_leader", "joint_leader", "worker_full", "worker_part", "cadre", "police_officer", "mediator",
    "urban_officer", "safety_officer", "patroller", "assistant",
)  # fmt: skip
USUAL = tuple(role for role in PUBLISHED if role not in ("assistant", "joint_leader", "patroller"))
WORKERS = ("worker_full", "worker_part")
CHOICES = [(code, ROLES[code].name) for code in PUBLISHED]


@dataclass
class Member:
    """One person on a paper: `roles` as words, phone whole (it is published by this paper), `photo` the file's name."""

    pk: int
    name: str
    phone: str
    photo: str | None = None
    codes: list[str] = field(default_factory=list)

    @property
    def roles(self) -> str:
        return "、".join(str(ROLES[code].name) for code in self.codes)

    @property
    def is_worker(self) -> bool:
        return any(code in WORKERS for code in self.codes)


def teams(grids, roles) -> dict[int, list[Member]]:
    """{grid id: its people in these roles today, then those of the grid above it}. One query."""
    wanted = {grid.pk for grid in grids} | {grid.parent_id for grid in grids if grid.parent_id}
    posts = Post.objects.on().filter(grid__in=wanted, role__in=roles, user__is_active=True).order_by("pk")
    person = ("user__name", "user__username", "user__phone", "user__portrait__file")
    rows = posts.values_list("grid_id", "role", "user_id", *person)
    at: dict[int, list] = {}
    for grid_id, *rest in rows:
        at.setdefault(grid_id, []).append(rest)
    return {grid.pk: _members([*at.get(grid.pk, []), *_above(at, grid)]) for grid in grids}


def _above(at, grid):
    """Of the grid above everybody but its workers, who have grids of their own."""
    return [row for row in at.get(grid.parent_id, []) if row[0] not in WORKERS]


def _members(rows) -> list[Member]:
    found: dict[int, Member] = {}
    for role, user_id, name, username, phone, photo in sorted(rows, key=lambda row: PUBLISHED.index(row[0])):
        member = found.setdefault(user_id, Member(user_id, name or username, phone, photo))
        if role not in member.codes:
            member.codes.append(role)
    return list(found.values())


def duties_of() -> str:
    """What a grid worker does, as most counties print it."""
    return "\n".join(
        (
            _("Collects and keeps up to date what is known of people, homes and organisations in the grid."),
            _("Walks the grid every day, finds hidden dangers and reports them at once."),
            _("Hears what people want, and brings questions and disputes to a settlement on the spot."),
            _("Visits the old who live alone, children left behind and others who need care."),
            _("Does errands with the offices for people who cannot go themselves."),
            _("Makes laws and policies known, and calls for help in emergencies."),
        )
    )


def short_duties() -> str:
    return _("Information · patrols · disputes settled · care visits · errands")
