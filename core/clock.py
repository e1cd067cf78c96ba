"""The clock that all processes share: the database's."""

import time

from django.db import connection


def database_time() -> float:
    """Seconds since 1970 now, not at the transaction's beginning. SQLite has this machine's clock."""
    if connection.vendor != "postgresql":
        return time.time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        return cursor.fetchone()[0]
