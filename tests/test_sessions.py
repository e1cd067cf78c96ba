"""Sessions are Django's own rows, read by a question that is compiled once."""

from datetime import timedelta

import pytest
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from core.sessions import SessionStore

pytestmark = pytest.mark.django_db


def kept(**data):
    store = db.SessionStore()
    store.update(data)
    store.save()
    return store


def test_what_djangos_own_store_has_written_is_read_and_the_other_way_round(django_assert_num_queries):
    key = kept(who="王")._session_key
    with django_assert_num_queries(1):
        assert SessionStore(key)["who"] == "王"
    mine = SessionStore(key)
    mine["who"] = "李"
    mine.save()
    assert db.SessionStore(key)["who"] == "李"


def test_one_that_has_ended_or_never_was_is_empty_and_loses_its_key():
    key = kept(who="王")._session_key
    for gone in (key, "x" * 32):
        Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
        store = SessionStore(gone)
        assert store.get("who") is None and store.session_key is None


def test_a_changed_session_is_refused():
    key = kept(who="王")._session_key
    row = Session.objects.get()
    Session.objects.update(session_data=row.session_data[:-2] + "xx")
    assert SessionStore(key).get("who") is None
