"""The proof for photos and files: what is stored must still have the hash that its step wrote down."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import lru_cache

from django.core.files.storage import Storage
from django.utils.translation import gettext as _

from events.models import Attachment, Transition

PIECE = 500  # steps with photos per query
BLOCK = 1024 * 1024  # bytes read at once
REMEMBERED = 4096  # files: events of a demonstration share theirs


class Files:
    """One walk over all steps that brought photos: `faults()`, and `count`, how many files were compared."""

    def __init__(self):
        self.count = 0
        self._digest = lru_cache(REMEMBERED)(_digest)

    def faults(self) -> Iterator[str]:
        """Every missing or changed file in plain words, in the order of events and steps. Reads every file."""
        steps = Transition.objects.exclude(photos=[]).order_by("pk")
        last = 0
        while True:
            piece = list(
                steps.filter(pk__gt=last).values_list("pk", "event_id", "event__number", "seq", "photos")[
                    :PIECE
                ]
            )
            yield from self._of_piece(piece)
            if len(piece) < PIECE:
                return
            last = piece[-1][0]

    def _of_piece(self, piece):
        kept = defaultdict(list)
        rows = Attachment.objects.filter(event__in={event for _pk, event, *_rest in piece})
        for row in rows.only("event_id", "seq", "name", "file", "sha256").order_by("pk"):
            kept[row.event_id, row.seq].append(row)
        for _pk, event, number, seq, hashes in piece:
            where = {"event": number or f"#{event}", "seq": seq}
            yield from self._of_step(where, Counter(hashes), kept[event, seq])

    def _of_step(self, where, hashes, rows):
        """Each file beside the hashes of its step; what remains of the hashes belongs to no file any more."""
        for row in rows:
            self.count += 1
            file = {**where, "name": row.name, "path": row.file.name}
            found = self._digest(row.file.storage, row.file.name)
            known = row.sha256 if found is None else found
            if found is None:
                yield _("event %(event)s: file “%(name)s” of step %(seq)s is missing (%(path)s)") % file
            elif not hashes[found]:
                yield _("event %(event)s: file “%(name)s” of step %(seq)s was changed (%(path)s)") % file
                known = row.sha256
            hashes[known] -= bool(hashes[known])
        for value in hashes.elements():
            words = _(
                "event %(event)s: step %(seq)s names a file that nobody knows any more (SHA-256 %(hash)s)"
            )
            yield words % {**where, "hash": value}


def _digest(storage: Storage, name: str) -> str | None:
    """SHA-256 of what is stored under this name; None if nothing is, or it cannot be read."""
    digest = hashlib.sha256()
    try:
        with storage.open(name) as file:
            while block := file.read(BLOCK):
                digest.update(block)
    except (OSError, ValueError):
        return None
    return digest.hexdigest()
