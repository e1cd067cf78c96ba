"""The registry's figures counted from nothing, in SQL, and what must agree in it.

The same conditions as the triggers' (residents.triggers.MEASURES), but over all rows: each table is read once, into
(grid, what its measures look at, how many), and the measures are taken from that.
"""

from dataclasses import dataclass

from django.db import connection, transaction

from residents import triggers
from residents.models.figures import GridCount

# Columns that the measures and conditions of a table look at.
LOOKED_AT = {
    "residents_building": "ended_on",
    "residents_dwelling": "use, ended_on",
    "residents_household": "ended_on",
    "residents_resident": "status, population",
    "residents_organisation": "ended_on",
    "residents_keyplace": "ended_on",
    "residents_carerecord": "care_class_id, until",
}
KEPT = GridCount._meta.db_table


@dataclass(frozen=True)
class Agreement:
    """What must hold; `sql` selects the ids of rows for which it does not, `repair` puts them right."""

    name: str
    sql: str
    repair: str = ""


def _follows(follower, column, table):
    """A record lies in the grid of what it stands in."""
    differs = f"FROM {follower} f JOIN {table} t ON t.id = f.{column} WHERE f.grid_id <> t.grid_id"
    grid = f"(SELECT t.grid_id FROM {table} t WHERE t.id = {follower}.{column})"
    return Agreement(
        f"{follower.removeprefix('residents_')} lies in the grid of its {table.removeprefix('residents_')}",
        f"SELECT f.id {differs}",
        f"UPDATE {follower} SET grid_id = {grid} WHERE id IN (SELECT f.id {differs})",
    )


AGREEMENTS = [
    *(_follows(follower, column, table) for table, follower, column in triggers.CARRY),
    Agreement(
        "a household has at most one head",
        "SELECT household_id FROM residents_resident WHERE status = 'living' AND relation = '02' "
        "AND household_id IS NOT NULL GROUP BY household_id HAVING count(*) > 1",
    ),
    Agreement(
        "a head is a living member of the household",
        "SELECT h.id FROM residents_household h JOIN residents_resident r ON r.id = h.head_id "
        "WHERE h.ended_on IS NULL AND (r.status <> 'living' OR r.household_id IS NULL OR r.household_id <> h.id)",
    ),
    Agreement(
        "an open stay is where the person lives",
        "SELECT r.id FROM residents_stay s JOIN residents_resident r ON r.id = s.resident_id WHERE s.until IS NULL "
        "AND (r.status <> 'living' OR COALESCE(s.dwelling_id, 0) <> COALESCE(r.dwelling_id, 0))",
    ),
    Agreement(
        "who lives behind a door has an open stay",
        "SELECT r.id FROM residents_resident r LEFT JOIN residents_stay s ON s.resident_id = r.id AND s.until IS NULL "
        "WHERE r.status = 'living' AND r.dwelling_id IS NOT NULL AND s.id IS NULL",
        "INSERT INTO residents_stay (resident_id, household_id, dwelling_id, grid_id, since, began, ended) "
        "SELECT r.id, r.household_id, r.dwelling_id, r.grid_id, date(r.created_at), 'recorded', '' "
        "FROM residents_resident r LEFT JOIN residents_stay s ON s.resident_id = r.id AND s.until IS NULL "
        "WHERE r.status = 'living' AND r.dwelling_id IS NOT NULL AND s.id IS NULL",
    ),
]


def _counted() -> str:
    """SELECT grid_id, measure, amount of everything, in one pass over each table."""
    bases, parts = [], []
    for table, columns in LOOKED_AT.items():
        base = f"b_{table.removeprefix('residents_')}"
        bases.append(
            f"{base} AS MATERIALIZED (SELECT grid_id, {columns}, count(*) AS n FROM {table} GROUP BY grid_id, {columns})"
        )
        parts.append(triggers.counted(table, base, "n"))
    rows = " UNION ALL ".join(parts)
    return f"WITH {', '.join(bases)} SELECT grid_id, measure, sum(d) AS amount FROM ({rows}) c GROUP BY 1, 2"


def _differences() -> str:
    """SELECT grid_id, measure, what is missing in the kept figure."""
    return (
        f"SELECT grid_id, measure, sum(amount) AS amount FROM (SELECT grid_id, measure, amount FROM ({_counted()}) fresh "
        f"UNION ALL SELECT grid_id, measure, -amount FROM {KEPT}) d GROUP BY 1, 2 HAVING sum(amount) <> 0"
    )


def wrong_figures() -> list[tuple[int, str, int]]:
    """(grid id, measure, true figure minus the kept one) of figures that are wrong."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_differences()} ORDER BY 1, 2")
        return [(grid, measure, int(amount)) for grid, measure, amount in cursor.fetchall()]


def put_figures_right() -> int:
    """Adds to each figure what it lacks; returns how many were wrong. Work goes on meanwhile: differences and kept
    figures come from one snapshot, and what others add at the same moment is added to as well."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {KEPT} (grid_id, measure, amount) SELECT grid_id, measure, amount FROM ({_differences()}) w "
            f"WHERE true ON CONFLICT (grid_id, measure) DO UPDATE SET amount = {KEPT}.amount + EXCLUDED.amount"
        )
        return cursor.rowcount


def disagreements() -> dict[str, list[int]]:
    """{what must hold: ids of rows for which it does not}, without those for which it does."""
    found = {}
    with connection.cursor() as cursor:
        for one in AGREEMENTS:
            cursor.execute(f"{one.sql} ORDER BY 1")
            if rows := [pk for (pk,) in cursor.fetchall()]:
                found[one.name] = rows
    return found


@transaction.atomic
def put_agreements_right() -> dict[str, int]:
    """{what must hold: how many rows were put right}. Heads and open stays elsewhere are for people to settle."""
    done = {}
    with connection.cursor() as cursor:
        for one in AGREEMENTS:
            if one.repair:
                cursor.execute(one.repair)
                if cursor.rowcount:
                    done[one.name] = cursor.rowcount
    return done
