"""What files about records that are there share: reading, deciding, writing and undoing; their own rules are methods.

Staged rows, the plan for each and what an undoing needs are encrypted as whole texts (`sealed`): of a statutory
register the database may say neither who is in it nor which one a file was about.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from django.db import connection
from django.utils import timezone

from core import ciphers
from core.bulk import copy_rows
from grids.models import Grid
from residents.intake import cells, sheets
from residents.intake.cells import Bad
from residents.intake.cleaner import SHOWN, shown
from residents.intake.columns import GRID, Layout
from residents.intake.progress import COST, HISTORY, OTHERS, Progress
from residents.intake.stage import Stage, rows, run, unlogged, value

MOST_ROWS = 100_000  # they are compared in memory
AT_ONCE = 2000  # rows of one look-up or insertion
STEP = 500  # rows between two words about how far the writing is
LATER = (
    "repeated", "no_person", "other_name", "several", "no_building", "no_dwelling", "no_organisation", "needed_new",
    "worker", "before_birth", "minor", "no_choice_now", "other_firm",
)  # fmt: skip
REASON = "import undone"


@dataclass
class Line:
    """One row of the file. `values` by column; `plan` is what it means: made anew by every comparison."""

    ref: int
    grid_id: int | None
    values: dict
    verdict: str = ""
    record_id: int | None = None
    plan: dict = field(default_factory=dict)
    faults: list[tuple[str, str, str]] = field(default_factory=list)  # column, code, hint
    doubtful: bool = False

    def wrong(self, column: str, code: str, hint: str = ""):
        self.faults.append((column, code, hint))


class Roll:
    """One such file. Rules of its own: `layout`, `match`, `write`, `take_back`, `used`."""

    kind = ""
    layout: Layout
    before_hidden = False  # of changed records only what the file says is shown

    def __init__(self, batch, stage=None):
        self.batch, self.stage = batch, stage or Stage(batch)
        self.actor = batch.user

    # ---- what each kind says for itself

    def paths(self) -> frozenset[str] | None:
        """Paths below which rows may lie, beyond where one may import; None: everywhere there."""
        return None

    def wrong_value(self, column, raw) -> str:
        """A cell with a mistake as it may stand on a page, and in the staging tables in clear."""
        return shown(column, raw)

    def complete(self, line: Line):
        """What a cell that is left empty means."""

    def check(self, line: Line):
        """What is wrong with a row taken together."""

    def match(self, lines: list[Line]):
        """Gives each line its verdict (n new, c changed, u unchanged), record and plan, or faults."""
        raise NotImplementedError

    def write(self, new: list[Line], changed: list[Line]) -> Iterable[tuple[int, bool, dict]]:
        """Writes them; gives (record, whether it is new, what the undoing needs)."""
        raise NotImplementedError

    def take_back(self, fresh: dict[int, dict], changed: dict[int, dict]):
        """Undoes it: {record: what was kept}."""
        raise NotImplementedError

    def used(self, fresh: dict[int, dict]) -> int:
        """Rows that were built on new records without a word in the history."""
        return 0

    # ---- reading

    def read(self, sheet, known: dict[str, int], told):
        """Rows into the staging table. `known`: grids by code and name; `told(rows read)` now and then. Returns
        (rows staged, rows with mistakes, number of the last row)."""
        self._make(sorted(set(known.values())))
        staged = faulty = last = 0
        for piece in batched(sheet.rows, AT_ONCE):
            good, bad = [], []
            for number, row in piece:
                line = self._line(sheet.places, known, number, row)
                if line is not None:
                    (bad if line.faults else good).append(line)
            last, staged, faulty = piece[-1][0], staged + len(good), faulty + len(bad)
            if staged + faulty > MOST_ROWS:
                raise sheets.Refusal("too_many_rows", limit=MOST_ROWS)
            copy_rows(
                self.stage("raw"), ("line", "grid_id", "sealed"),
                ([line.ref, line.grid_id, _seal(line.values)] for line in good),
            )  # fmt: skip
            self._note(bad)
            told(last)
        return staged, faulty, last

    def _make(self, grids):
        self.stage.drop()
        self.stage.make_common(grids)
        run(f"CREATE {unlogged()} TABLE {self.stage('raw')} (line integer NOT NULL, grid_id bigint, sealed text NOT NULL)")

    def _line(self, places, known, number, row) -> Line | None:
        cell = {column.name: row[place] for place, column in places.items() if place < len(row)}
        if not any(cells.text(one) for one in cell.values()):
            return None
        if any(cells.text(one).startswith(sheets.EXAMPLE) for one in cell.values()):
            return None
        line = Line(number, None, {})
        for column in places.values():
            try:
                found = column.read(cell.get(column.name))
            except Bad as bad:
                hint = "" if column.field.startswith("own_") else bad.hint
                line.faults.append((column.name, bad.code, hint))
                line.values[column.name] = self.wrong_value(column, cell[column.name])
                continue
            if found not in (None, ""):
                line.values[column.name] = found
        self._grid(line, known)
        self.complete(line)
        for column in self.layout.needed:
            missing = line.grid_id is None if column.name == GRID else column.name not in line.values
            if missing and all(name != column.name for name, _code, _hint in line.faults):
                line.wrong(column.name, "needed")
        if not line.faults:
            self.check(line)
        return line

    def _grid(self, line, known):
        given = line.values.pop(GRID, "")
        if given:
            line.grid_id = known.get(given) or known.get(given.replace(" ", ""))
            if line.grid_id is None:
                line.values[GRID] = given[:SHOWN]
                line.wrong(GRID, "grid")

    def _note(self, lines: list[Line]):
        self.stage.note(
            (line.ref, column, code, str(line.values.get(column, "")) if code not in LATER else "", hint)
            for line in lines
            for column, code, hint in line.faults
        )

    # ---- comparing

    def compare(self, allowed: Iterable[int]):
        """Plans and faults of all staged rows, as the registry is now. `allowed`: the grids into which this person may
        import now; those of the reading that have ended, or are theirs no longer, are left."""
        marks = ", ".join(["%s"] * len(LATER))
        run(f"DELETE FROM {self.stage('fault')} WHERE code IN ({marks})", LATER)
        lines = [
            Line(ref, grid, json.loads(ciphers.decrypt(sealed)))
            for ref, grid, sealed in rows(f"SELECT line, grid_id, sealed FROM {self.stage('raw')} ORDER BY line")
        ]
        allowed = set(allowed)
        there = {grid for (grid,) in rows(f"SELECT id FROM {self.stage('grid')}")}
        self.grids = sorted(there & allowed)
        if there - allowed:
            run(f"DELETE FROM {self.stage('grid')}")
            copy_rows(self.stage("grid"), ["id"], ([grid] for grid in self.grids))
        self.match(lines)
        wrong = [line for line in lines if line.faults]
        self._note(wrong)
        table = self.stage(self.kind)
        self.stage.drop(self.kind)
        run(
            f"CREATE {unlogged()} TABLE {table} (ref integer PRIMARY KEY, grid_id bigint, record_id bigint, "
            "twin_id bigint, verdict varchar(1) NOT NULL, sealed text NOT NULL)"
        )
        copy_rows(
            table, ("ref", "grid_id", "record_id", "twin_id", "verdict", "sealed"),
            ([one.ref, one.grid_id, one.record_id, None, *_planned(one)] for one in lines if not one.faults),
        )  # fmt: skip

    def repeated(self, lines: list[Line], key, column: str):
        """Lines that speak of what a line before them speaks of."""
        seen: dict = {}
        for line in lines:
            if not line.faults and seen.setdefault(key(line), line.ref) != line.ref:
                line.wrong(column, "repeated", str(seen[key(line)]))

    # ---- writing and undoing

    def apply(self) -> dict:
        """All that was looked through, in the caller's transaction; what was done, by section."""
        chosen = {ref for (ref,) in rows(f"SELECT ref FROM {self.stage('decision')} WHERE choice = 'same'")}
        new, changed = [], []
        for ref, grid, record, verdict, sealed in rows(
            f"SELECT ref, grid_id, record_id, verdict, sealed FROM {self.stage(self.kind)} ORDER BY ref"
        ):
            plan = json.loads(ciphers.decrypt(sealed))
            verdict = plan["verdict"] if verdict == "d" and ref in chosen else verdict
            line = Line(ref, grid, plan.get("values", {}), verdict, record, plan)
            if verdict in "nc":
                (new if verdict == "n" else changed).append(line)
        progress = Progress(self.batch.pk)
        progress.begin({self.kind: len(new) + len(changed)})
        self.now, self.today = timezone.now(), timezone.localdate()
        run(
            f"CREATE {unlogged()} TABLE {self.stage('kept')} "
            "(id bigint NOT NULL, fresh integer NOT NULL, sealed text NOT NULL)"
        )
        copy_rows(
            self.stage("kept"), ("id", "fresh", "sealed"),
            ([pk, int(fresh), _seal(kept)] for pk, fresh, kept in self._steps(progress, self.write(new, changed))),
        )  # fmt: skip
        return {self.kind: {"new": len(new), "changed": len(changed)}}

    def _steps(self, progress, written):
        """What is written, told piece by piece."""
        for piece in batched(written, STEP):
            progress.step(self.kind, len(piece), COST.get(self.kind, OTHERS) + HISTORY)
            yield from piece

    def kept(self) -> tuple[dict[int, dict], dict[int, dict]]:
        """What the undoing needs of new records and of changed ones."""
        found: tuple[dict, dict] = ({}, {})
        for pk, fresh, sealed in rows(f"SELECT id, fresh, sealed FROM {self.stage('kept')}"):
            found[0 if fresh else 1][pk] = json.loads(ciphers.decrypt(sealed))
        return found

    def built_on(self, later: int) -> dict[str, int]:
        """As residents.intake.undo tells it; `later`: changes after those of the import."""
        count = later + self.used(self.kept()[0])
        return {"changes": count} if count else {}

    def undo(self):
        self.now, self.today = timezone.now(), timezone.localdate()
        self.take_back(*self.kept())

    # ---- what a person looks through

    def page(self, tab: str, after: int, size: int) -> list[tuple[Line, str, bool]]:
        """(line, decision) of one tab (d, c, n), one more than asked for if there are more."""
        found = rows(
            f"SELECT s.ref, s.grid_id, s.record_id, s.verdict, s.sealed, d.choice FROM {self.stage(self.kind)} s "
            f"LEFT JOIN {self.stage('decision')} d ON d.ref = s.ref WHERE s.verdict = %s AND s.ref > %s "
            f"ORDER BY s.ref LIMIT {size}",
            [tab, after],
        )
        made = []
        for ref, grid, record, verdict, sealed, choice in found:
            plan = json.loads(ciphers.decrypt(sealed))
            made.append((Line(ref, grid, plan["values"], verdict, record, plan), choice or ""))
        return made

    def log_looks(self, count: int, address: str):
        """A page says of so many people whether they are in a register: written down where it is a statutory one."""

    def know(self, lines: list[Line]):
        """Reads at once the names that `shown` says for these lines."""

    def words_of(self, name: str):
        """The column of a name in the file's fault table."""
        return next((one for one in self.layout.columns if one.name == name), None)

    def choices_of(self, name: str) -> str:
        """What is expected of a cell of a class's own field, which the staged fault does not say."""
        return ""


def _planned(line) -> tuple[str, str]:
    plan = line.plan | {"values": line.values, "verdict": line.verdict}
    return ("d" if line.doubtful and line.verdict != "u" else line.verdict), _seal(plan)


def _seal(values: dict) -> str:
    return ciphers.encrypt(json.dumps(values, ensure_ascii=False, sort_keys=True, default=str))


def uid(batch) -> str:
    return str(batch.uid) if connection.vendor == "postgresql" else batch.uid.hex


def later_changes(batch) -> int:
    """Changes of the import's records after its own."""
    return value(
        "SELECT count(*) FROM residents_change mine JOIN residents_change later ON later.kind = mine.kind "
        "AND later.record_id = mine.record_id AND later.id > mine.id WHERE mine.batch = %s "
        "AND (later.batch IS NULL OR later.batch <> mine.batch)",
        [uid(batch)],
    )


def pieces(values) -> Iterator[list]:
    """Lists that one query may ask for."""
    return batched(sorted(set(values), key=str), 500 if connection.vendor != "postgresql" else AT_ONCE)


def batched(values: Iterable, size: int) -> Iterator[list]:
    """As itertools has it from Python 3.12 on."""
    values = iter(values)
    while piece := list(islice(values, size)):
        yield piece


def paths_of(grids: Iterable[int]) -> dict[int, str]:
    return dict(Grid.objects.filter(pk__in=set(grids)).values_list("pk", "path"))
