"""One import taken back, as long as nothing has been built on it."""

from collections.abc import Iterator

from django.db import connection
from django.utils import timezone

from core.bulk import Json, copy_rows
from residents.intake.columns import MODELS, ROLLS
from residents.intake.rolls.base import later_changes
from residents.intake.stage import Stage, rows, run, value
from residents.intake.write import CHANGE_COLUMNS, INSERTED, UPDATED, moved_between_grids
from residents.models import Change, ImportBatch, Resident
from residents.services import support
from residents.services.trail import KINDS

UNDONE, RESTORED = "import_undone", "import_restored"
PIECE = 5000
# Rows that the import itself wrote, or that are only a trail of looking.
OWN = {"residents_stay", "residents_access"}


class Undoer:
    def __init__(self, stage: Stage):
        self.stage, self.batch = stage, stage.batch
        self.made = [section for section in stage.sections if section.makes]
        self.now = timezone.now()

    def built_on(self) -> dict[str, int]:
        """What stands in the way: {table or "later changes": how many}. Empty: it can be undone."""
        found = {"changes": later_changes(self.batch)}
        for section in self.made:
            for relation in section.model._meta.related_objects:
                table, column = relation.related_model._meta.db_table, relation.field.column
                if table not in OWN and relation.field.column:
                    found[table] = found.get(table, 0) + self._foreign(section.name, table, column)
        if self.made[-1].name == "resident" and support.any_of(pk for (pk,) in rows(self._fresh("resident"))):
            found["changes"] += 1  # nothing more is said of a file
        return {what: count for what, count in found.items() if count}

    def _foreign(self, name, table, column) -> int:
        """Rows that point to a new record and are not new by this import themselves."""
        own = next((kind for kind, model in MODELS.items() if model._meta.db_table == table), None)
        mine = ""
        if own and any(section.name == own for section in self.made):
            mine = f"AND NOT EXISTS (SELECT 1 FROM {self.stage(f'ids_{own}')} o WHERE o.id = t.id AND o.fresh = 1)"
            if self._changed(own):
                mine += f" AND NOT EXISTS (SELECT 1 FROM {self.stage(f'before_{own}')} o WHERE o.id = t.id)"
        return value(
            f"SELECT count(*) FROM {table} t JOIN {self.stage(f'ids_{name}')} i ON i.id = t.{column} AND i.fresh = 1 "
            f"WHERE 1 = 1 {mine}"
        )

    def _changed(self, name) -> bool:
        return bool(self.batch.counts.get("done", {}).get(name, {}).get("changed"))

    def run(self):
        """Changed records are as they were, new ones are gone; the history keeps both."""
        for section in self.made:
            copy_rows(Change._meta.db_table, CHANGE_COLUMNS, self._history(section))
        if self.made[-1].name == "resident":
            self._stays_back()
        moved = (
            [pk for pk, _grid in moved_between_grids(self.stage)] if self.made[-1].name == "resident" else []
        )
        for section in reversed(self.made):
            self._restore(section)
        if moved:
            support.follow_all(Resident.objects.filter(pk__in=moved).values_list("pk", "grid_id"))
        if any(section.name == "household" for section in self.made):
            run(f"UPDATE residents_household SET head_id = NULL WHERE id IN ({self._fresh('household')})")
        for section in reversed(self.made):
            run(f"DELETE FROM {section.model._meta.db_table} WHERE id IN ({self._fresh(section.name)})")

    def _fresh(self, name):
        return f"SELECT id FROM {self.stage(f'ids_{name}')} WHERE fresh = 1"

    def _restore(self, section):
        table = section.model._meta.db_table
        columns = [field.column for field in section.model._meta.concrete_fields if not field.primary_key]
        listed = ", ".join(f"{column} = b.{column}" for column in columns)
        run(
            f"UPDATE {table} SET {listed} FROM {self.stage(f'before_{section.name}')} b WHERE {table}.id = b.id"
        )

    def _stays_back(self):
        run(f"DELETE FROM residents_stay WHERE resident_id IN ({self._fresh('resident')})")
        after = self.batch.counts.get("done", {}).get("stays_after", 0)
        run(
            "DELETE FROM residents_stay WHERE id > %s AND resident_id IN "
            f"(SELECT id FROM {self.stage('before_resident')})",
            [after],
        )
        run(
            f"UPDATE residents_stay SET until = NULL, ended = '' WHERE id IN (SELECT id FROM {self.stage('before_stay')})"
        )

    def _history(self, section) -> Iterator[list]:
        """The reverse of what the import's history tells, in the same pieces."""
        uid = str(self.batch.uid) if connection.vendor == "postgresql" else self.batch.uid.hex
        mine = Change.objects.filter(
            batch=self.batch.uid, kind=KINDS[section.model], action__in=(INSERTED, UPDATED)
        ).order_by("pk")
        last = 0
        names = ("pk", "record_id", "grid_id", "action", "changes")
        while piece := list(mine.filter(pk__gt=last).values_list(*names)[:PIECE]):
            for _pk, record, grid, action, changes in piece:
                told = {name: [after, before] for name, (before, after) in changes.items()}
                done = UNDONE if action == INSERTED else RESTORED
                yield [
                    KINDS[section.model].value,
                    record,
                    grid,
                    self.now,
                    self.batch.user_id,
                    done,
                    Json(told),
                    "",
                    uid,
                ]
            last = piece[-1][0]


def tables_of(batch: ImportBatch) -> list[str]:
    """What must be kept for the undoing."""
    if batch.kind in ROLLS:
        return ["kept"]
    names = [section.name for section in Stage(batch).sections]
    return [f"{kind}{name}" for name in names for kind in ("ids_", "before_")] + ["before_stay"]
