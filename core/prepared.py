"""A queryset compiled once: hot paths ask the same question thousands of times, and building its SQL costs more than
answering it (0.4–1 ms of processor time for a query with joins or of all columns of a wide table).

On PostgreSQL the statement is also planned once per connection (PREPARE): planning the posts of a person took six
times as long as reading them. A pooler between must therefore keep a session together (pgbouncer: pool_mode session).
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import count
from threading import local
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, QuerySet
from django.db.models.sql import Query, UpdateQuery
from django.db.models.sql.compiler import SQLCompiler

_FIRST = -7_045_117_000  # an id that no row has


def this_connection() -> BaseDatabaseWrapper:
    """This thread's connection itself: `django.db.connection` looks it up at every access, forty times in a report."""
    return connections[DEFAULT_DB_ALIAS]


class _Compiled:
    """SQL of the query that `build` makes, with a place in it for each of its arguments."""

    def __init__(self, build: Callable[..., Query], kinds: tuple[type, ...]):
        self._build, self._kinds = build, kinds
        self._compiled: dict[str, tuple] = {}

    def _filled(self, link, values) -> tuple[str, list, SQLCompiler]:
        """(SQL, parameters, compiler) for these arguments."""
        sql, plan, compiler = self._compiled.get(link.vendor) or self._compile(link)
        given = [_adapt(value, link.ops) for value in values]
        return (
            sql,
            [fixed if at is None else given[at] + fixed if fixed else given[at] for at, fixed in plan],
            compiler,
        )

    def _compile(self, link):
        marks = [_mark(kind, number) for number, kind in enumerate(self._kinds)]
        compiler = self._build(*marks).get_compiler(connection=link)
        sql, params = compiler.as_sql()
        places = {_adapt(mark, link.ops): (number, "") for number, mark in enumerate(marks)}
        places |= {f"{mark}%": (number, "%") for number, mark in enumerate(marks) if isinstance(mark, str)}
        plan = [places.get(value, (None, value)) for value in params]
        if {at for at, _fixed in plan if at is not None} != set(range(len(marks))):
            raise ValueError("An argument is no parameter of the query.")
        self._compiled[link.vendor] = sql, plan, compiler
        return self._compiled[link.vendor]


class Prepared(_Compiled):
    """`Prepared(make, int, date)`: `make` builds a queryset from arguments of these kinds (int, str, date, datetime).

    Calling it with the arguments gives tuples, of all columns of the model or of those of `values_list`. Every
    argument must end up in the query as a parameter of its own, or (str) as what a text begins with; the shape of the
    query may not depend on it. `planned` False: compiled once, but planned by the database each time, where the right
    plan hangs on the values (a path may be the county's or one grid's).
    """

    def __init__(self, make: Callable[..., QuerySet], *kinds: type, planned: bool = True):
        super().__init__(lambda *marks: make(*marks).query, kinds)
        self._planned = planned
        # A converter of geometries holds GEOS' reader, which belongs to the thread that made it: two threads in one
        # reader mix up their bytes.
        self._mine = local()

    def __call__(self, *values) -> list[tuple]:
        link = this_connection()
        sql, params, compiler = self._filled(link, values)
        with link.cursor() as cursor:
            if self._planned:
                execute(cursor, sql, params)
            else:
                cursor.execute(sql, params)
            rows = cursor.fetchall()
        converters = self._converters(compiler, link.vendor)
        return list(map(tuple, compiler.apply_converters(rows, converters))) if converters else rows

    def _converters(self, compiler, vendor):
        kept = self._mine.__dict__
        if vendor not in kept:
            kept[vendor] = compiler.get_converters(column for column, _sql, _name in compiler.select)
        return kept[vendor]


class PreparedUpdate(_Compiled):
    """`PreparedUpdate(make, int, str)`: `make` gives (queryset, {field: value}) from arguments of these kinds (float
    besides those of `Prepared`). Calling it does what `queryset.update(**values)` does, and says how many rows it met.
    """

    def __init__(self, make: Callable[..., tuple[QuerySet, dict]], *kinds: type):
        super().__init__(lambda *marks: _update(*make(*marks)), kinds)

    def __call__(self, *values) -> int:
        link = this_connection()
        sql, params, _compiler = self._filled(link, values)
        with link.cursor() as cursor:
            execute(cursor, sql, params)
            return cursor.rowcount


def _update(rows: QuerySet, changes: dict) -> Query:
    query = rows.query.chain(UpdateQuery)
    query.add_update_values(changes)
    return query


_ONCE = "SET LOCAL plan_cache_mode = force_generic_plan; "  # with what follows it is one transaction, and one journey
_names: dict[str, str] = {}  # SQL → name of its prepared statement
_numbers = count(1)
_ready: WeakKeyDictionary = WeakKeyDictionary()  # the driver's connection → SQL prepared there


def execute(cursor, sql, params, *, once: bool = False):
    """`cursor.execute` of a statement that will come again: planned once per connection where that is possible.

    Every parameter's type must follow from the statement itself (a column it is compared with or written to).
    `once`: never planned for its values, not even where PostgreSQL thinks that this would pay: of many short
    questions in one, it plans longer than it answers. Every part of it must be right for any values. For the rest of a
    transaction that is open, this holds for all statements that are planned once.
    """
    link = cursor.db
    if link.vendor != "postgresql":
        return cursor.execute(sql, params)
    ready = _ready.setdefault(link.connection, set())
    name = _names.get(sql) or _names.setdefault(sql, f"kept_{next(_numbers)}")
    if sql not in ready:
        _prepare(link, name, sql)
        ready.add(sql)
    given = f" ({', '.join(['%s'] * len(params))})" if params else ""
    return cursor.execute(f"{_ONCE if once else ''}EXECUTE {name}{given}", params)


def _prepare(link, name, sql):
    numbers = count(1)
    text = re.sub("%[s%]", lambda mark: f"${next(numbers)}" if mark[0] == "%s" else "%", sql)
    with link.connection.cursor() as raw:  # not a query of any request: it is not counted as one
        raw.execute(f"PREPARE {name} AS {text}")


def instance(model: type[Model], row) -> Any:
    """A row of all columns of the model, as the model."""
    return model.from_db(DEFAULT_DB_ALIAS, [field.attname for field in model._meta.concrete_fields], row)


def _mark(kind, number):
    """A value of this kind that stands for argument `number`."""
    if kind is int:
        return _FIRST - number
    if kind is str:
        return f"\ue000argument {number}\ue000"
    if kind is float:
        return _FIRST - number - 0.5
    return datetime(1, 1, 1 + number, tzinfo=UTC) if kind is datetime else date(1, 1, 1 + number)


def _adapt(value, ops):
    if isinstance(value, datetime):
        return ops.adapt_datetimefield_value(value)
    return ops.adapt_datefield_value(value) if isinstance(value, date) else value
