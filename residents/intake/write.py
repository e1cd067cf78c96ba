"""A compared import into the registry: statements over all rows, in the caller's transaction.

New records get their ids first (`ids_<section>`), so that children know their parents; then parents are inserted before
children, changed records are kept as they were (`before_<section>`, for the undoing) and updated. An empty cell changes
nothing. The history of a new record says which import brought it: its values stand in the record, and what is changed
later says what they were.
"""

import json
from collections.abc import Iterator
from datetime import datetime

from django.db import connection
from django.utils import timezone

from core.bulk import Json, copy_rows
from residents import codes
from residents.intake.columns import MODELS, stage_columns
from residents.intake.compare import POINT
from residents.intake.match import drop_orphans
from residents.intake.progress import COST, HISTORY, STAY, Progress
from residents.intake.stage import Stage, rows, run, value
from residents.models import Change, Stay
from residents.services import support
from residents.services.trail import KINDS

PIECE = 5000
INSERTED_AT_ONCE = 100_000  # rows of one statement: between two, the page is told how far it is
LINKS = {
    "dwelling": {"building": "building_id"},
    "household": {"dwelling": "dwelling_id"},
    "resident": {"dwelling": "dwelling_id", "household": "household_id"},
    "organisation": {"dwelling": "dwelling_id"},
    "place": {"organisation": "organisation_id"},
}
CHANGE_COLUMNS = ("kind", "record_id", "grid_id", "at", "user_id", "action", "changes", "sealed", "batch")
INSERTED, UPDATED = "imported", "import_changed"


class Writer:
    """Applies one import. `done` counts what was written, by section: {"resident": {"new": 3, "changed": 1}}."""

    def __init__(self, stage: Stage):
        self.stage, self.batch = stage, stage.batch
        self.progress = Progress(stage.batch.pk)
        self.now, self.today = timezone.now(), timezone.localdate()
        self.made = [section for section in stage.sections if section.makes]
        self.done: dict[str, dict[str, int]] = {}

    def run(self) -> dict:
        self._decide()
        for section in self.stage.sections:
            self._ids(section.name)
        self.progress.begin({section.name: self._to_write(section.name) for section in self.made})
        for section in self.made:
            name = section.name
            self.done[name] = {"new": self._insert(section), "changed": self._update(section)}
            self._history_of_new(section)
            copy_rows(Change._meta.db_table, CHANGE_COLUMNS, self._history_of_changed(section))
            self.progress.step(name, sum(self.done[name].values()), HISTORY)
        if self.made[-1].name == "resident":
            support.follow_all(moved_between_grids(self.stage))
            self._stays()
            self.progress.step("resident", self.done["resident"]["new"], STAY)
            self._heads()
        return self.done

    def _to_write(self, name) -> int:
        """New and changed records of a section."""
        return value(f"SELECT count(*) FROM {self.stage(name)} WHERE verdict IN ('n', 'c')")

    def _decide(self):
        """What a person said about likely duplicates: the same one, another one, or leave the row out."""
        table = self.stage(self.made[-1].name)
        chosen = f"SELECT ref FROM {self.stage('decision')} WHERE choice = %s"
        run(
            f"UPDATE {table} SET record_id = twin_id, verdict = 'c' WHERE verdict = 'd' AND ref IN ({chosen})",
            ["same"],
        )
        run(f"UPDATE {table} SET verdict = 'n' WHERE verdict = 'd' AND ref IN ({chosen})", ["new"])
        run(f"UPDATE {table} SET verdict = 'w' WHERE verdict = 'd'")
        drop_orphans(self.stage)

    def _ids(self, name):
        """ref → id, of all records that are there or will be."""
        table = MODELS[name]._meta.db_table
        if connection.vendor == "postgresql":
            fresh = f"nextval(pg_get_serial_sequence('{table}', 'id'))"
        else:
            last = value(f"SELECT COALESCE(max(id), 0) FROM {table}")
            seen = rows("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
            fresh = f"{max([last, *(seq for (seq,) in seen)])} + row_number() OVER (ORDER BY ref)"
        made = any(section.name == name for section in self.made)
        new = "verdict = 'n'" if made else "1 = 0"
        self.stage.create(
            f"ids_{name}",
            f"SELECT ref, {fresh} AS id, 1 AS fresh FROM {self.stage(name)} WHERE {new} "
            f"UNION ALL SELECT ref, record_id, 0 FROM {self.stage(name)} WHERE record_id IS NOT NULL AND verdict <> 'w'",
        )
        run(f"CREATE UNIQUE INDEX {self.stage(f'ids_{name}')}_ref ON {self.stage(f'ids_{name}')} (ref)")

    # ---- records

    def _fields(self, name) -> list[str]:
        start = f"{name}_"
        found = [
            column[len(start) :] for column in stage_columns(self.batch.kind) if column.startswith(start)
        ]
        return [field for field in found if field not in POINT]

    def _has_point(self, name) -> bool:
        return f"{name}_lon" in stage_columns(self.batch.kind)

    def _links(self, name) -> dict[str, str]:
        there = {section.name for section in self.stage.sections}
        return {parent: column for parent, column in LINKS.get(name, {}).items() if parent in there}

    def _parents(self, name) -> str:
        return " ".join(
            f"LEFT JOIN {self.stage(f'ids_{parent}')} p_{parent} ON p_{parent}.ref = s.{parent}_ref"
            for parent in self._links(name)
        )

    def _insert(self, section) -> int:
        name, model = section.name, section.model
        given = self._fields(name)
        columns = {"id": "i.id", "grid_id": "s.grid_id"}
        columns |= {column: f"p_{parent}.id" for parent, column in self._links(name).items()}
        params: list = []
        for field in model._meta.concrete_fields:
            if field.column in columns or field.name == "location":
                continue
            default = self._default(field)
            columns[field.column], used = self._cell(field, default, given)
            params += used
        if self._has_point(name):
            columns["location"] = "ST_SetSRID(ST_MakePoint(s.lon, s.lat), 4326)" if _post() else POINT_SQLITE
        insert = (
            f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) SELECT {', '.join(columns.values())} "
            f"FROM {self.stage(name)} s JOIN {self.stage(f'ids_{name}')} i ON i.ref = s.ref AND i.fresh = 1 "
            f"AND i.id BETWEEN %s AND %s {self._parents(name)} ORDER BY i.id"
        )
        done = 0
        for first, last in self._ranges(name):
            done += (fresh := run(insert, [*params, first, last]))
            self.progress.step(name, fresh, COST.get(name, 4))
        return done

    def _ranges(self, name) -> list[tuple[int, int]]:
        """The ids of new records in pieces."""
        lowest, highest = rows(f"SELECT min(id), max(id) FROM {self.stage(f'ids_{name}')} WHERE fresh = 1")[0]
        if lowest is None:
            return []
        return [(first, first + INSERTED_AT_ONCE - 1) for first in range(lowest, highest + 1, INSERTED_AT_ONCE)]

    def _default(self, field):
        if field.name in ("created_at", "updated_at"):
            return self.now
        made = field.get_default()
        return field.get_db_prep_save(made, connection) if made is not None else None

    def _cell(self, field, default, given) -> tuple[str, list]:
        """The expression of a column of a new record, and its parameters."""
        cast = "jsonb" if _post() and field.get_internal_type() == "JSONField" else ""
        if field.name == "next_inspection":
            return _next_inspection(), []
        if field.column not in given:
            return (f"CAST(%s AS {field.db_type(connection)})" if _post() else "%s"), [_bare(default)]
        cell = f"CAST(s.{field.column} AS {cast})" if cast else f"s.{field.column}"
        if default is None:
            return cell, []
        return f"COALESCE({cell}, {f'CAST(%s AS {field.db_type(connection)})' if _post() else '%s'})", [
            _bare(default)
        ]

    def _update(self, section) -> int:
        """Changed records take what the file gives; as they were is kept for the undoing."""
        name, table = section.name, section.model._meta.db_table
        source = (
            f"FROM {self.stage(name)} s JOIN {self.stage(f'ids_{name}')} i ON i.ref = s.ref "
            f"{self._parents(name)}"
        )
        self.stage.create(
            f"before_{name}",
            f"SELECT x.* FROM {table} x JOIN {self.stage(f'ids_{name}')} i ON i.id = x.id "
            f"JOIN {self.stage(name)} s ON s.ref = i.ref WHERE s.verdict = 'c'",
        )
        sets = {field: self._new_value(section.model, field) for field in self._fields(name)}
        sets |= {c: f"COALESCE(p_{parent}.id, {table}.{c})" for parent, c in self._links(name).items()}
        sets["updated_at"] = "CAST(%s AS timestamptz)" if _post() else "%s"
        if name == "resident":
            sets["status"] = "'living'"
            sets["grid_id"] = f"CASE WHEN p_dwelling.id IS NOT NULL OR {table}.dwelling_id IS NULL " \
                              f"THEN s.grid_id ELSE {table}.grid_id END"  # fmt: skip
        if name == "place":
            sets["next_inspection"] = _next_inspection(table)
        if self._has_point(name):
            point = "ST_SetSRID(ST_MakePoint(s.lon, s.lat), 4326)" if _post() else POINT_SQLITE
            sets["location"] = f"COALESCE({point}, {table}.location)"
        listed = ", ".join(f"{column} = {expression}" for column, expression in sets.items())
        done = run(
            f"UPDATE {table} SET {listed} {source} WHERE {table}.id = i.id AND s.verdict = 'c'",
            [_bare(self.now)],
        )
        self.progress.step(name, done, COST.get(name, 4))
        return done

    def _new_value(self, model, field):
        table = model._meta.db_table
        json_cast = _post() and model._meta.get_field(field).get_internal_type() == "JSONField"
        cell = f"CAST(s.{field} AS jsonb)" if json_cast else f"s.{field}"
        return f"COALESCE({cell}, {table}.{field})"

    # ---- history

    def _history_of_new(self, section):
        run(
            f"INSERT INTO residents_change ({', '.join(CHANGE_COLUMNS)}) SELECT '{KINDS[section.model]}', i.id, "
            f"s.grid_id, {_typed('timestamptz')}, {_typed('bigint')}, '{INSERTED}', "
            f"{'CAST(%s AS jsonb)' if _post() else '%s'}, '', {_typed('uuid')} FROM {self.stage(section.name)} s "
            f"JOIN {self.stage(f'ids_{section.name}')} i ON i.ref = s.ref AND i.fresh = 1 ORDER BY i.id",
            [_bare(self.now), self.batch.user_id, "{}", self._uid()],
        )

    def _history_of_changed(self, section) -> Iterator[list]:
        name, last = section.name, 0
        links = self._links(name)
        ids = "".join(f", p_{parent}.id" for parent in links)
        sql = (
            f"SELECT f.ref, i.id, x.grid_id, f.changes{ids} FROM {self.stage('diff')} f "
            f"JOIN {self.stage(name)} s ON s.ref = f.ref AND s.verdict = 'c' "
            f"JOIN {self.stage(f'ids_{name}')} i ON i.ref = f.ref JOIN {section.model._meta.db_table} x ON x.id = i.id "
            f"{self._parents(name)} WHERE f.section = %s AND f.ref > %s ORDER BY f.ref LIMIT {PIECE}"
        )
        uid = self._uid()
        while piece := rows(sql, [name, last]):
            for _ref, pk, grid, changes, *parents in piece:
                told = json.loads(changes)
                for column, parent in zip(links.values(), parents, strict=True):
                    if column in told:
                        told[column][1] = parent
                yield [
                    KINDS[section.model].value,
                    pk,
                    grid,
                    self.now,
                    self.batch.user_id,
                    UPDATED,
                    Json(told),
                    "",
                    uid,
                ]
            last = piece[-1][0]

    def _uid(self) -> str:
        return str(self.batch.uid) if _post() else self.batch.uid.hex

    # ---- people

    def _stays(self):
        """Where people live from today: new ones begin, those who move end the old stay and begin the new one."""
        moved = (
            f"SELECT x.id FROM residents_resident x JOIN {self.stage('before_resident')} b ON b.id = x.id "
            "WHERE x.dwelling_id IS DISTINCT FROM b.dwelling_id OR x.household_id IS DISTINCT FROM b.household_id"
        )
        self.stage.create(
            "before_stay", f"SELECT * FROM residents_stay WHERE until IS NULL AND resident_id IN ({moved})"
        )
        self.done["stays_after"] = value("SELECT COALESCE(max(id), 0) FROM residents_stay")
        today = _typed("date")
        run(
            f"UPDATE residents_stay SET until = {'GREATEST' if _post() else 'max'}(since, {today}), ended = 'within' "
            f"WHERE until IS NULL AND resident_id IN (SELECT resident_id FROM {self.stage('before_stay')})",
            [_bare(self.today)],
        )
        begin = (
            "INSERT INTO residents_stay (resident_id, household_id, dwelling_id, grid_id, since, began, ended) "
            "SELECT x.id, x.household_id, x.dwelling_id, x.grid_id, {today}, '{began}', '' FROM residents_resident x "
            "WHERE x.id IN ({who}) AND (x.dwelling_id IS NOT NULL OR x.household_id IS NOT NULL)"
        )
        new = f"SELECT id FROM {self.stage('ids_resident')} WHERE fresh = 1"
        for who, began in ((new, Stay.Began.RECORDED), (moved, Stay.Began.WITHIN)):
            run(begin.format(today=today, began=began.value, who=who), [_bare(self.today)])

    def _heads(self):
        """New households get the head the file names."""
        if not any(section.name == "household" for section in self.made):
            return
        run(
            "UPDATE residents_household SET head_id = q.head FROM (SELECT h.id, min(i.id) AS head "
            f"FROM {self.stage('resident')} s JOIN {self.stage('ids_resident')} i ON i.ref = s.ref "
            f"JOIN {self.stage('ids_household')} h ON h.ref = s.household_ref AND h.fresh = 1 "
            f"WHERE s.relation = '{codes.HEAD}' GROUP BY h.id) q WHERE residents_household.id = q.id"
        )


POINT_SQLITE = "CASE WHEN s.lon IS NOT NULL THEN MakePoint(s.lon, s.lat, 4326) END"
NEXT_INSPECTION = {
    True: "{inspected} + {every}",
    False: "date({inspected}, '+' || {every} || ' days')",
}


def moved_between_grids(stage: Stage) -> list[tuple[int, int]]:
    """(id, grid id now) of people whom an import, or its undoing, brought into another grid."""
    return rows(
        f"SELECT x.id, x.grid_id FROM residents_resident x JOIN {stage('before_resident')} b ON b.id = x.id "
        "WHERE x.grid_id <> b.grid_id"
    )


def _next_inspection(old: str = "") -> str:
    """The day after the last inspection on which the next one is due; `old`: the table with the values before."""
    inspected = f"COALESCE(s.inspected_on, {old}.inspected_on)" if old else "s.inspected_on"
    every = (
        f"COALESCE(s.inspection_days, {old}.inspection_days)" if old else "COALESCE(s.inspection_days, 30)"
    )
    return NEXT_INSPECTION[_post()].format(inspected=inspected, every=every)


def _post() -> bool:
    return connection.vendor == "postgresql"


def _typed(kind: str) -> str:
    return f"CAST(%s AS {kind})" if _post() else "%s"


def _bare(given):
    """A parameter as the driver stores it: SQLite has instants as text in UTC."""
    if _post() or not isinstance(given, datetime):
        return given
    return str(given.astimezone(connection.timezone).replace(tzinfo=None))
