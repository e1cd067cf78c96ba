"""The first row of each record's history, as residents.services.trail writes it when a record is added."""

from django.db import connection

from accounts.roles import WORKER_ROLES
from gridcenter.demo.bare import bare

# kind → (table, column → SQL of its words in the history): private values are left out rather than shown masked.
TOLD = {
    "building": ("residents_building", {"address": "r.address", "kind": "r.kind", "storeys": "r.storeys"}),
    "dwelling": ("residents_dwelling", {"unit": "r.unit", "door": "r.door", "use": "r.use"}),
    "household": ("residents_household", {"number": "r.number", "kind": "r.kind"}),
    "resident": (
        "residents_resident", {"name": "r.name", "relation": "r.relation", "population": "r.population"},
    ),
    "organisation": ("residents_organisation", {"name": "r.name", "credit_code": "r.credit_code"}),
    "place": ("residents_keyplace", {"name": "r.name", "kind": "r.kind"}),
    "care": ("residents_carerecord", {"since": "CAST(r.since AS varchar(10))"}),
}  # fmt: skip
_BEGUN = """
INSERT INTO residents_change (kind, record_id, grid_id, at, user_id, action, changes, sealed)
SELECT '{kind}', r.id, r.grid_id, {at}, w.user_id, '{action}', {told}, ''
FROM {table} r
LEFT JOIN (SELECT grid_id, min(user_id) AS user_id FROM grids_post WHERE role IN ({roles}) GROUP BY grid_id) w
  ON w.grid_id = r.grid_id
ORDER BY r.id
"""


def write(kinds=tuple(TOLD)) -> int:
    """Returns how many rows were written."""
    roles = sorted(WORKER_ROLES)
    written = 0
    with bare(["residents_change"]), connection.cursor() as cursor:
        for kind in kinds:
            cursor.execute(_statement(kind, roles), roles)
            written += cursor.rowcount
    return written


def _statement(kind, roles):
    table, told = TOLD[kind]
    post = connection.vendor == "postgresql"
    pair, made = ("jsonb_build_array", "jsonb_build_object") if post else ("json_array", "json_object")
    words = ", ".join(f"'{name}', {pair}('', {value})" for name, value in told.items())
    at = (
        "r.created_at"
        if kind != "care"
        else "CAST(r.since AS timestamptz)"
        if post
        else "r.since || ' 00:00:00'"
    )
    marks = ", ".join(["%s"] * len(roles))
    action = "begun" if kind == "care" else "created"
    return _BEGUN.format(kind=kind, table=table, at=at, action=action, told=f"{made}({words})", roles=marks)
