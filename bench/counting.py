"""Counts the SQL statements of a request into its answer's header. Only in the counting pass."""

from contextlib import ExitStack

from django.db import connection
from django.utils.decorators import sync_only_middleware

HEADER = "X-Bench-Queries"


@sync_only_middleware
def count_queries(get_response):
    """Middleware. Savepoints count as statements; BEGIN and COMMIT, which the driver sends itself, do not."""

    def counted(request):
        statements = []

        def note(execute, sql, params, many, context):
            statements.append(sql)
            return execute(sql, params, many, context)

        with ExitStack() as stack:
            stack.enter_context(connection.execute_wrapper(note))
            response = get_response(request)
        response[HEADER] = str(len(statements))
        return response

    return counted
