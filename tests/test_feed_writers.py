"""Feeds while several transactions write at once: the numbers of some lie above the end of the snapshot."""

import pytest
from django.db import connection

from core import feeds
from events import selectors
from events.models import Transition
from residents.models import Change

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's writers stand in line"),
    pytest.mark.django_db(transaction=True),
]


def test_two_open_writers_do_not_hide_the_feed():
    writers = [connection.copy() for _turn in range(3)]
    try:
        numbers = []
        for writer in writers:
            writer.set_autocommit(False)
            with writer.cursor() as cursor:
                cursor.execute("SELECT txid_current()")
                numbers.append(cursor.fetchone()[0])
        for bound in (feeds.settled(Transition)[1], feeds.settled(Change)[1]):
            assert 0 < bound <= numbers[0]
        assert selectors.newest_position() == (-1, -1)
    finally:
        for writer in writers:
            writer.rollback()
            writer.close()
    assert feeds.settled(Transition)[1] > numbers[-1]
