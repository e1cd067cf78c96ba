"""Reading an append-only table in the order in which its rows were committed, from a position on.

The table has `xact` (core.sql.WritingTransaction) and `id`. On PostgreSQL a transaction that is still open may commit
with a lower id than rows already visible: only rows of transactions below the oldest writer are given, ordered by
transaction, so that nothing can appear before a position once handed out. SQLite's writers stand in line.
"""

from dataclasses import dataclass

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from core.errors import Invalid

BEGINNING = (-1, -1)  # before transaction 0, under which bulk loads and SQLite write
WINDOW = 2000  # rows looked at for one page: a reader who sees few of them is led on, not kept waiting

# The lowest number of a transaction writing in this database, else the next one to be given. The snapshot is taken
# before the activity is read: whoever was writing then is either still seen there or has finished. Not the snapshot's
# own xmin, which counts the writers of all databases of the server: a long import next door would stop our readers.
# `backend_xid` has 32 bits, the numbers of txid_current() have 64: the upper ones are those of the snapshot, or one
# less. `top` is behind the last transaction that has ended: several that still write may have numbers above it.
_OLDEST_WRITER = """
WITH snapshot AS MATERIALIZED (SELECT txid_snapshot_xmax(txid_current_snapshot()) AS top),
writing AS (
  SELECT top, (top >> 32 << 32) + backend_xid::text::bigint AS xact FROM snapshot, pg_stat_activity
  WHERE backend_xid IS NOT NULL AND datname = current_database()
)
SELECT LEAST(top, (
  SELECT min(CASE WHEN xact > top + (1::bigint << 31) THEN xact - (1::bigint << 32) ELSE xact END) FROM writing
))
FROM snapshot
"""


@dataclass(frozen=True)
class Page:
    """Rows of `columns` (which begin with xact and id), where to go on, and whether to ask again at once."""

    rows: list[tuple]
    position: tuple[int, int]
    more: bool


def read(history: QuerySet, seen: Q, columns: tuple[str, ...], position: tuple[int, int], size: int) -> Page:
    """Up to `size` rows after `position` that fulfil `seen`. Raises Invalid for a position that cannot be yet."""
    whole, bound = settled(history.model)
    if bound is not None and position[0] >= bound:
        raise Invalid(
            fields={"cursor": [_("This cursor is from before the database was restored: begin anew.")]}
        )
    rest = history.filter(whole, beyond(position)).order_by("xact", "id")
    window = rest.values("pk")[:WINDOW]
    found = history.model.objects.filter(seen, pk__in=window).order_by("xact", "id")
    rows = list(found.values_list("xact", "id", *columns)[: size + 1])
    if len(rows) > size:
        return Page(rows[:size], rows[size - 1][:2], True)
    last = rest.values_list("xact", "id")[WINDOW - 1 : WINDOW].first()
    if last is not None:
        return Page(rows, last, True)
    newest = rest.order_by("-xact", "-id").values_list("xact", "id").first()
    return Page(rows, newest or position, False)


def beyond(position: tuple[int, int]) -> Q:
    """Rows behind a position."""
    return Q(xact__gte=position[0]) & (Q(xact__gt=position[0]) | Q(id__gt=position[1]))


def newest(history: QuerySet) -> tuple[int, int]:
    """Where a reader begins who wants only what comes from now on."""
    rows = history.filter(settled(history.model)[0]).order_by("-xact", "-id")
    return rows.values_list("xact", "id").first() or BEGINNING


def settled(model) -> tuple[Q, int | None]:
    """Rows that no running transaction can be followed by, and the transaction below which they lie (PostgreSQL).

    One query; the bound holds for all that follow and only grows, but for a restore into another server.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_OLDEST_WRITER)
            bound = cursor.fetchone()[0]
        return Q(xact__lt=bound), bound
    last = model.objects.order_by("-id").values_list("id", flat=True).first()
    return Q(id__lte=last or 0), None
