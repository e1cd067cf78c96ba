"""Who is at work on an import: a lock on a file, which the system releases when the process dies."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings


def path_of(batch_id: int, what: str) -> Path:
    """A small file about an import, beside the others."""
    folder = Path(settings.MEDIA_ROOT) / "registry" / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{batch_id}.{what}"


@contextmanager
def held(batch_id: int) -> Iterator[bool]:
    """Whether this process has it now; False if another one is at work."""
    with path_of(batch_id, "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def at_work(batch_id: int) -> bool:
    """Whether some process is at work on it."""
    if not path_of(batch_id, "lock").exists():
        return False
    with held(batch_id) as free:
        return not free


def forget(batch_id: int):
    for what in ("lock", "progress"):
        path_of(batch_id, what).unlink(missing_ok=True)
