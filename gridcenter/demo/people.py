"""Units and staff of a demo county: a centre at every grid of levels 0–3, departments, squads, posts, people."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np
import shapely
from django.contrib.auth.hashers import make_password

from accounts import roles
from core import ciphers
from core.bulk import copy_rows, reset_sequence
from grids import colours
from grids.models import DepartmentKind

from . import names
from .places import Node, Place

PASSWORD = "gridcenter-demo"  # noqa: S105 — printed for everybody, set in demo mode only
CENTRE_NAMES = ("网格化服务管理指挥中心", "网格化分中心", "网格化服务中心", "网格工作站")
BUREAUS = {
    "urban_management": "城市管理和综合执法局", "police": "公安局", "traffic_police": "公安局交警大队",
    "civil_affairs": "民政局", "housing": "住房和城乡建设局", "water": "水利局", "municipal": "市政管理所",
    "greening": "园林管理所", "sanitation": "环境卫生管理所", "water_supply": "自来水公司", "power": "供电公司",
    "gas": "燃气公司", "heating": "供热公司", "telecom": "通信管理办", "broadcasting": "广电网络公司",
    "environment": "生态环境局", "natural_resources": "自然资源局", "forestry": "林业局",
    "agriculture": "农业农村局", "transport": "交通运输局", "emergency": "应急管理局", "fire": "消防救援大队",
    "market": "市场监督管理局", "health": "卫生健康局", "medical_insurance": "医疗保障局", "education": "教育体育局",
    "labour": "人力资源和社会保障局", "justice": "司法局", "political_legal": "政法委", "petitions": "信访局",
    "veterans": "退役军人事务局", "disabled": "残疾人联合会", "culture_tourism": "文化旅游局", "finance": "财政局",
    "government_services": "政务服务中心", "discipline": "纪委监委",
}  # fmt: skip
SQUADS = {
    "urban_management": "综合执法队", "police": "派出所", "market": "市场监管所", "sanitation": "环卫站",
    "civil_affairs": "民政办", "housing": "村镇建设站", "natural_resources": "自然资源所", "health": "卫生院",
    "emergency": "应急办", "justice": "司法所", "water": "水利站", "agriculture": "农业综合服务站",
}  # fmt: skip
# The first village's "1+N": all who may stand beside a grid worker, so that each role can be looked at.
TEAM = ("party_leader", "joint_leader", "urban_officer", "safety_officer", "patroller", "assistant")
# Dongying has 27 department platforms; kinds left out there are the ones no standard needs.
LEFT_OUT = {"broadcasting", "petitions", "culture_tourism"}


@dataclass
class Staff:
    """Everybody's ids, as the events need them."""

    workers: dict[int, list[int]] = field(default_factory=dict)  # grid id → users
    centre_of: dict[int, int] = field(default_factory=dict)  # grid id → unit id
    departments: dict[tuple[int, int], int] = field(default_factory=dict)  # (grid id, kind id) → unit id
    people: dict[int, list[int]] = field(default_factory=dict)  # unit id → users
    inspectors: list[int] = field(default_factory=list)
    units: int = 0
    users: int = 0


@dataclass
class _Person:
    username: str
    role: str
    grid: int | None = None
    unit: int | None = None
    admin: bool = False
    more: tuple[int, ...] = ()  # further grids of the same post


class Hiring:
    """Plans units and people in memory, then writes them with one COPY per table."""

    def __init__(self, place: Place, root: Node, today: date, rng: np.random.Generator):
        self.place, self.root, self.today, self.rng = place, root, today, rng
        self.staff = Staff()
        self._units: list[tuple] = []
        self._people: list[_Person] = []
        self._levels = [[n for n in root.walk() if n.kept and n.level == level] for level in range(5)]

    def plan(self):
        """Decide on all units and people."""
        kinds = dict(DepartmentKind.objects.order_by("sort", "code").values_list("code", "pk"))
        for level in range(4):
            for node in self._levels[level]:
                self._centre(node)
        for code, pk in kinds.items():
            if not (self.place.key == "dongying" and code in LEFT_OUT):
                self._department(self.root, code, pk, BUREAUS.get(code, code), 2)
        if self.place.squads:
            for town in self._levels[2]:
                for code, name in SQUADS.items():
                    if code in kinds:
                        self._department(town, code, kinds[code], name, 1)
        self._field_posts()
        return self

    def _centre(self, node):
        name = names.short(node.name) + CENTRE_NAMES[node.level]
        unit = self._unit("centre", name, f"C-{node.code}", node.id, None)
        self.staff.centre_of[node.id] = unit
        for _ in range((6, 2, 2, 1)[node.level]):
            self._hire(("centre", "area", "town", "station")[node.level], "operator", unit=unit)
        if node.level < 3:
            self._hire("head", "centre_head", unit=unit)
            self._hire("leader", "leader", grid=node.id)

    def _department(self, node, code, kind, name, people):
        unit = self._unit("department", node.name + name, f"D-{node.code}-{code}", node.id, kind)
        self.staff.departments[node.id, kind] = unit
        for _ in range(people):
            self._hire("bureau" if node.level == 0 else "squad", "staff", unit=unit)

    def _field_posts(self):
        grids = self._levels[4]
        # Full-time workers serve where people live closest together, part-time ones the villages.
        by_size = sorted(grids, key=lambda node: node.shape.area)
        extra = self.place.full_time + self.place.part_time - len(grids)
        full = {node.id for node in by_size[: self.place.full_time]}
        for node in grids:
            self._hire("worker", "worker_full" if node.id in full else "worker_part", grid=node.id)
        for node in by_size[len(by_size) - max(extra, 0) :]:
            self._hire("worker", "worker_part", grid=node.id)
        for node in self._levels[3]:
            self._hire("gridleader", "grid_leader", grid=node.id)
        for node in (self.root, *self._levels[2]):
            self._hire("inspector", "inspector", grid=node.id)
            self._hire("admin", "district_admin", grid=node.id, admin=True)
        for node in self._levels[2]:
            self._hire("mediator", "mediator", grid=node.id)
            self._hire("police", "police_officer", grid=node.id)
        for node in self._levels[3]:
            first, *more = [child.id for child in node.children]
            self._hire("cadre", "cadre", grid=first, more=more)
        for role in TEAM:
            self._hire(role.replace("_", ""), role, grid=self._levels[3][0].id)

    def _unit(self, kind, name, code, grid, department_kind):
        self._units.append((len(self._units) + 1, kind, name, code, grid, department_kind))
        return len(self._units)

    def _hire(self, prefix, role, *, grid=None, unit=None, admin=False, more=()):
        self._people.append(_Person(prefix, role, grid, unit, admin, tuple(more)))

    def write(self, first_user: int, with_password: bool):
        """COPY units, users and posts; ids of units and posts begin at 1."""
        self._write_units()
        self._write_users(first_user, with_password)
        reset_sequence("grids_unit", "accounts_user", "grids_post")
        self.staff.units, self.staff.users = len(self._units), len(self._people)
        return self.staff

    def _write_units(self):
        area = f"0{700 + int(self.place.prefix[:2])}"
        columns = ("id", "kind", "name", "code", "grid_id", "department_kind_id", "phone", "active")
        copy_rows("grids_unit", columns, ((*unit, f"{area}-{1_000_000 + unit[0]}", True) for unit in self._units))

    def _write_users(self, first, with_password):
        password = make_password(PASSWORD if with_password else None)
        count = len(self._people)
        usual = count - len(TEAM)  # named apart: the others keep the names that their seed has always given
        named = [*names.people(usual, self.rng), *names.people(len(TEAM), np.random.default_rng(usual))]
        holders = [p for p in self._people if p.role in roles.WORKER_ROLES]
        numbers = iter(names.id_numbers(len(holders), self.place.prefix, self.today, self.rng))
        since = self.today - timedelta(days=800)
        joined = datetime(since.year, since.month, since.day, tzinfo=UTC)
        users, posts, serial = [], [], {}
        for index, (person, name) in enumerate(zip(self._people, named, strict=True)):
            pk = first + index
            serial[person.username] = number = serial.get(person.username, 0) + 1
            id_number = next(numbers) if person.role in roles.WORKER_ROLES else ""
            users.append(
                (pk, password, None, False, f"{person.username}{number:04d}", "", person.admin, True, joined, name,
                 "person", ciphers.encrypt(names.phone(index)), ciphers.encrypt(id_number),
                 ciphers.keyed_hash(id_number), f"{self.place.prefix}{index + 1:06d}")
            )  # fmt: skip
            for grid in (person.grid, *person.more):
                posts.append((len(posts) + 1, pk, person.role, grid, person.unit, since, None))
            self._remember(person, pk)
        copy_rows("accounts_user", _USER_COLUMNS, users)
        copy_rows("grids_post", ("id", "user_id", "role", "grid_id", "unit_id", "since", "until"), posts)

    def _remember(self, person, pk):
        staff = self.staff
        if person.unit is not None:
            staff.people.setdefault(person.unit, []).append(pk)
        elif person.role in roles.WORKER_ROLES:
            staff.workers.setdefault(person.grid, []).append(pk)
        elif person.role == "inspector":
            staff.inspectors.append(pk)


_USER_COLUMNS = (
    "id", "password", "last_login", "is_superuser", "username", "email", "is_staff", "is_active", "date_joined",
    "name", "kind", "phone", "id_number", "id_number_hash", "staff_number",
)  # fmt: skip


def write_grids(place: Place, root: Node, since: date) -> int:
    """COPY the territory: ids in the order of the tree from 1 on, parents before children. Returns how many."""
    nodes = sorted((node for node in root.walk() if node.kept), key=lambda node: node.level)
    for number, node in enumerate(nodes, 1):
        node.id = number
    hues = _colours(nodes)
    rows = (
        (node.id, node.code, node.name, node.level, node.parent.id if node.parent else None, "", since, None,
         shapely.multipolygons(shapely.get_parts(node.shape)), hues[node.id], True)
        for node in nodes
    )  # fmt: skip
    columns = (
        "id", "code", "name", "level", "parent_id", "path", "valid_from", "valid_until", "boundary", "colour",
        "synthetic",
    )  # fmt: skip
    copy_rows("grids_levelname", ("level", "name"), enumerate(place.levels))
    copy_rows("grids_grid", columns, rows)
    reset_sequence("grids_grid")
    return len(nodes)


def _colours(nodes) -> dict[int, str]:
    """A colour for every grid that none of its neighbours below the same parent has."""
    found: dict[int, str] = {}
    siblings: dict = {}
    for node in nodes:
        siblings.setdefault(node.parent and node.parent.id, []).append(node)
    for group in siblings.values():
        found |= colours.distinct({node.id: "" for node in group}, {node.id: node.shape for node in group}, 1e-9)
    return found


def path_of(node: Node) -> str:
    """The materialised path, as the database's trigger makes it."""
    return f"{path_of(node.parent) if node.parent else '/'}{node.id}/"
