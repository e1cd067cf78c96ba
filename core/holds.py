"""Who is at work on something: a lock on a file, which the system releases when the process dies."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings


def path_of(folder: str, pk: int, what: str = "lock") -> Path:
    """The lock of one thing, or another small file beside it."""
    found = Path(settings.MEDIA_ROOT) / folder / "locks"
    found.mkdir(parents=True, exist_ok=True)
    return found / f"{pk}.{what}"


@contextmanager
def held(folder: str, pk: int) -> Iterator[bool]:
    """Whether this process has it now; False if another one is at work."""
    with path_of(folder, pk).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def at_work(folder: str, pk: int) -> bool:
    """Whether some process is at work on it."""
    if not path_of(folder, pk).exists():
        return False
    with held(folder, pk) as free:
        return not free


def forget(folder: str, pk: int):
    path_of(folder, pk).unlink(missing_ok=True)
