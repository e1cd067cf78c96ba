"""How far the writing of an import is. It is one transaction, so nothing it says in the database is seen before its
end (and on SQLite nobody else may write meanwhile): it stands in a small file beside the lock (residents.intake.hold).
"""

import json
import os
from dataclasses import dataclass

from residents.intake.hold import path_of

# What a row costs beside another, in some tenths of a microsecond: measured with bench.registry_import.
COST = {"building": 2, "dwelling": 3, "household": 3, "resident": 8, "organisation": 4, "place": 4}
OTHERS = 4  # the same for what is not named
HISTORY, STAY, HEAD = 1, 3, 1


@dataclass
class Progress:
    """`done` and `total` in those units; `section` is what is being written."""

    batch_id: int
    total: int = 0
    done: int = 0
    section: str = ""

    def begin(self, rows: dict[str, int]):
        """`rows`: how many records of each section are to be written."""
        self.total = sum(n * (COST.get(section, OTHERS) + HISTORY) for section, n in rows.items())
        self.total += rows.get("resident", 0) * STAY + rows.get("household", 0) * HEAD
        self.done = 0
        self._tell()

    def step(self, section: str, rows: int, cost: int):
        self.section, self.done = section, self.done + rows * cost
        self._tell()

    def _tell(self):
        target = path_of(self.batch_id, "progress")
        fresh = target.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps([self.done, self.total, self.section]))
        fresh.replace(target)


def forget(batch_id: int):
    path_of(batch_id, "progress").unlink(missing_ok=True)


def told(batch_id: int) -> tuple[int, str] | None:
    """(percent, section) of the writing that runs; None where nothing is known."""
    try:
        done, total, section = json.loads(path_of(batch_id, "progress").read_text())
    except (OSError, ValueError):
        return None
    return (min(99, done * 100 // total) if total else 0), section
