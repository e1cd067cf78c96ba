"""The databases of the bench: made once per size by `bench.seed`, copied for every script that writes."""

import os
from contextlib import closing, contextmanager

import psycopg2

SERVER = os.environ.get("BENCH_POSTGRES", "postgis://postgres@127.0.0.1:5432/")
BASE = os.environ.get("BENCH_BASE", "gridcenter_bench")
TEMPLATE = os.environ.get("BENCH_TEMPLATE", "")  # a database that is migrated and empty, to begin with


def address(database: str) -> str:
    """The DATABASE_URL of a database on the bench's PostgreSQL server."""
    return f"{SERVER.rstrip('/')}/{database}"


def name_of(events: int) -> str:
    return f"{BASE}_{events}"


def connect(database: str):
    """A plain connection in autocommit."""
    link = psycopg2.connect(address(database).replace("postgis://", "postgresql://", 1))
    link.autocommit = True
    return link


def run(database: str, sql: str, params=None) -> list[tuple]:
    """One statement; its rows, if it has any."""
    with closing(connect(database)) as link, link.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


def exists(database: str) -> bool:
    return bool(run("postgres", "SELECT 1 FROM pg_database WHERE datname = %s", [database]))


def all_names() -> list[str]:
    """All databases of this bench."""
    rows = run("postgres", "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [BASE])
    return [name for (name,) in rows]


def drop(database: str):
    """Only databases of the bench: nothing else can be dropped by mistake."""
    if not database.startswith(BASE):
        raise ValueError(f"{database} is not a database of the bench.")
    run("postgres", f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


def create(database: str) -> bool:
    """Make it; whether it has its tables already."""
    run("postgres", f'CREATE DATABASE "{database}" TEMPLATE "{TEMPLATE or "template1"}"')
    return bool(TEMPLATE)


def copy(source: str, target: str):
    drop(target)
    run("postgres", f'CREATE DATABASE "{target}" TEMPLATE "{source}" STRATEGY FILE_COPY')


@contextmanager
def fresh(events: int):
    """The name of a copy with exactly `events` events, dropped afterwards."""
    target = f"{name_of(events)}_run{os.getpid()}"
    copy(name_of(events), target)
    try:
        yield target
    finally:
        drop(target)
