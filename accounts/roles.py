"""Roles (岗位) and what each may do: the one readable table. Django's groups are generated from it.

A permission counts only where the person's post puts it (grids.scope); this table says *what*, posts say *where*.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

GRID, CENTRE, DEPARTMENT = "grid", "centre", "department"


@dataclass(frozen=True)
class Role:
    """`place`: what a post of this role is in; `levels`: of which grid levels (a unit's level is its grid's)."""

    code: str
    name: str
    place: str
    levels: tuple[int, ...]
    permissions: frozenset[str]


SEE = frozenset({"grids.view_grid", "events.view_event", "duty.view_shift", "duty.view_warning"})
REPORT = SEE | {"events.report_event"}
FIELD = REPORT | {"evaluation.view_scorecard", "fieldwork.view_patrol"}
READ = frozenset({"residents.view_registry"})
KEEP = READ | {"residents.edit_registry", "residents.unmask_registry"}
WORKER = FIELD | KEEP | {"events.settle_event", "events.verify_event", "fieldwork.add_patrol"}
PAPERS = frozenset({"papers.make_sign", "papers.make_case", "papers.make_report"})
DESK = (
    REPORT
    | {
        "screen.view_screen",
        "events.register_event",
        "events.dispatch_event",
        "events.verify_event",
        "events.grant_event",
        "events.suspend_event",
        "events.reopen_event",
        "events.supervise_event",
        "events.whistle_event",
        "events.place_event",
        "events.export_event",
        "evaluation.view_scorecard",
        "residents.import_registry",
        "residents.export_registry",
        "events.locate_worker",  # where a worker of theirs took the last step today: whom to send
        "duty.view_handover",
        "duty.add_handover",
        "duty.raise_warning",
        "duty.take_warning",
        "fieldwork.view_patrol",
        *PAPERS,
    }
    | KEEP
)
HEAD = DESK | {"residents.export_unmasked", "residents.view_access", "duty.change_shift"}
STAFF = REPORT | {
    "events.handle_event",
    "events.export_event",
    "evaluation.view_scorecard",
    "papers.make_case",
    "duty.take_warning",
}
LEADER = SEE | {
    "screen.view_screen",
    "events.supervise_event",
    "events.export_event",
    "evaluation.view_scorecard",
    "papers.make_case",
    "papers.make_report",
    "duty.view_handover",
    "duty.take_warning",
    "fieldwork.view_patrol",
}
ADMIN = (
    frozenset(
        f"{app}.{verb}_{model}"
        for app, models in {
            "accounts": ("user",),
            "grids": ("grid", "unit", "post", "departmentkind", "levelname"),
            "events": ("standard", "standardlead", "stagelimit", "calendarday"),
            "evaluation": ("scheme", "schemeitem", "period", "scorecard", "scoreline"),
            "exchange": ("unitkey",),
            "duty": ("rule", "response"),
            "screen": ("screenlayout",),
            "residents": (
                "building",
                "dwelling",
                "household",
                "resident",
                "stay",
                "tenancy",
                "organisation",
                "keyplace",
                "careclass",
                "carerecord",
                "datagrant",
            ),
        }.items()
        for model in models
        for verb in ("view", "add", "change", "delete")
    )
    | READ
    | {
        "events.view_event",
        "events.view_transition",
        "evaluation.publish_period",
        "events.view_seal",
        "residents.import_registry",
        "residents.view_change",
        "residents.view_access",
        "residents.view_gridcount",
        "papers.make_sign",
        "papers.view_paper",
        "duty.change_shift",
        "duty.view_shift",
        "duty.view_handover",
        "duty.view_warning",
        "duty.view_warningstep",
        "duty.view_rosterchange",
        "fieldwork.view_patrol",
    }
)

ALL, LOWER = (0, 1, 2, 3, 4), (1, 2, 3, 4)
UNIT_LEVELS = (0, 1, 2, 3)

ROLES = {
    role.code: role
    for role in (
        Role("worker_full", _("Full-time grid worker 专职网格员"), GRID, (4,), WORKER),
        Role("worker_part", _("Part-time grid worker 兼职网格员"), GRID, (4,), WORKER),
        Role(
            "grid_leader",
            _("Grid leader 网格长"),
            GRID,
            LOWER,
            FIELD | KEEP | {"events.verify_event", "papers.make_sign"},
        ),
        Role("party_leader", _("Party group leader 党小组长"), GRID, LOWER, FIELD),
        Role("joint_leader", _("Joint group leader 联组长"), GRID, LOWER, FIELD),
        Role(
            "inspector",
            _("Supervisor 督导员"),
            GRID,
            ALL,
            FIELD
            | {
                "events.supervise_event",
                "residents.view_access",
                "papers.make_case",
                "papers.make_report",
                "screen.view_screen",
            },
        ),
        Role("mediator", _("Mediator 调解员"), GRID, LOWER, REPORT),
        Role("urban_officer", _("Urban management officer 城管员"), GRID, LOWER, REPORT),
        Role("safety_officer", _("Work safety officer 安监员"), GRID, LOWER, REPORT),
        Role(
            "police_officer",
            _("Grid police officer 网格警员"),
            GRID,
            LOWER,
            REPORT | READ | {"residents.unmask_registry"},
        ),
        Role("patroller", _("Patroller 巡防员"), GRID, LOWER, REPORT),
        Role("cadre", _("Responsible cadre 包保干部"), GRID, LOWER, REPORT),
        Role("assistant", _("Assistant (building or lane head) 协管员"), GRID, (3, 4), REPORT),
        Role("operator", _("Centre operator 坐席"), CENTRE, UNIT_LEVELS, DESK),
        Role("centre_head", _("Head of a centre 中心主任"), CENTRE, UNIT_LEVELS, HEAD),
        Role("staff", _("Department staff 责任单位人员"), DEPARTMENT, (0, 1, 2), STAFF),
        Role("leader", _("Leader 领导"), GRID, UNIT_LEVELS, LEADER),
        Role("district_admin", _("District administrator 区域管理员"), GRID, UNIT_LEVELS, ADMIN),
    )
}
WORKER_ROLES = frozenset({"worker_full", "worker_part"})
CHOICES = [(role.code, role.name) for role in ROLES.values()]


def names(codes) -> list[str]:
    """Roles in words, those that there are."""
    return [str(ROLES[code].name) for code in codes if code in ROLES]
