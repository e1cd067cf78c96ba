"""Conditions that Django cannot say."""

from django.db.models import Aggregate, BigIntegerField, BooleanField, F, Func, QuerySet, Subquery, TextField


class OneOf(Func):
    """`pk` is among the ids a subquery gives, read first and once: `id = ANY(ARRAY(SELECT …))` on PostgreSQL.

    Under an OR, PostgreSQL takes `id IN (SELECT …)` for a filter and walks the table with it; an array is a condition
    that the primary key's index answers. For subqueries that give few rows.
    """

    output_field = BooleanField()

    def __init__(self, ids: QuerySet, field: str = "pk"):
        super().__init__(F(field), Subquery(ids if ids.query.is_sliced else ids.order_by()))

    def as_sql(self, compiler, connection, **extra):
        return self._in(compiler, "{} IN {}")

    def as_postgresql(self, compiler, connection, **extra):
        return self._in(compiler, "{} = ANY(ARRAY{})")

    def _in(self, compiler, form):
        column, ids = self.source_expressions
        left, left_params = compiler.compile(column)
        right, right_params = compiler.compile(ids)
        return form.format(left, right), [*left_params, *right_params]


class WritingTransaction(Func):
    """PostgreSQL's number of the writing transaction (0 on SQLite, whose writers stand in line)."""

    template = "txid_current()"
    output_field = BigIntegerField()

    def as_sqlite(self, compiler, connection, **extra):
        return "0", []


class JsonText(Aggregate):
    """The rows of a group as the text of a JSON list of lists: `JsonText("role", "unit_id")` gives `[["operator", 7]]`."""

    output_field = TextField()
    allow_distinct = False

    def as_sql(self, compiler, connection, **extra):
        return super().as_sql(compiler, connection, template="CAST(json_agg(json_build_array(%(expressions)s)) AS text)")

    def as_sqlite(self, compiler, connection, **extra):
        return super().as_sql(compiler, connection, template="json_group_array(json_array(%(expressions)s))")
