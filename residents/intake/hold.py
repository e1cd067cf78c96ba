"""Who is at work on an import (core.holds), and small files beside that lock."""

from pathlib import Path

from core import holds

FOLDER = "registry"


def path_of(batch_id: int, what: str) -> Path:
    """A small file about an import, beside the others."""
    return holds.path_of(FOLDER, batch_id, what)


def held(batch_id: int):
    """Whether this process has it now; False if another one is at work."""
    return holds.held(FOLDER, batch_id)


def at_work(batch_id: int) -> bool:
    """Whether some process is at work on it."""
    return holds.at_work(FOLDER, batch_id)


def forget(batch_id: int):
    holds.forget(FOLDER, batch_id)
    path_of(batch_id, "progress").unlink(missing_ok=True)
