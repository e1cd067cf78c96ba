"""Pages by key, not by offset: page 5,000 costs what page 1 costs."""

from rest_framework.pagination import CursorPagination


class KeysetPagination(CursorPagination):
    """`?cursor=…&page_size=…` (at most 200). Answers next, previous, results; no total: counts have a URL of their own."""

    ordering = "-id"
    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 200
