"""Shared fixtures: a small county, logged-in API clients, and a history that tests may flush."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase
from django.utils import translation
from rest_framework.test import APIClient
from whitenoise.middleware import WhiteNoiseMiddleware

from duty import triggers as duty_triggers
from evaluation import frozen
from events import history_triggers
from residents import kept_triggers
from residents import triggers as registry_triggers
from tests.emptying import FLUSH, Emptying
from tests.factories import County
from tests.processes import House
from tests.scenes import file_database


def pytest_collection_modifyitems(items):
    """Tests that wait for processes and browsers have their own limits within; a busy machine may need them all."""
    for item in items:
        marks = {mark.name for mark in item.iter_markers()}
        if not {"slow", "postgres", "browser", "live"}.isdisjoint(marks.union(item.path.parts)):
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path, monkeypatch):
    """Uploads of a test lie in its own folder; throttles begin at nothing, and no window ends in a test. The language is
    the installation's, whatever the last test's last request has asked for."""
    translation.activate(settings.LANGUAGE_CODE)
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr("core.api.throttling.Windowed.timer", staticmethod(lambda: 0.0), raising=False)
    cache.clear()


@pytest.fixture(scope="session", autouse=True)
def flush_may_empty_the_history():
    """TransactionTestCase empties tables between tests, which append-only and frozen rows refuse: lift their triggers."""
    flush = type(connection.ops).execute_sql_flush
    figures = SimpleNamespace(
        removal=registry_triggers.counting_removal, statements=registry_triggers.counting
    )
    lifts = (history_triggers, frozen, kept_triggers, figures, duty_triggers)

    def lifted(self, sql_list):
        with connection.cursor() as cursor:
            for triggers in lifts:
                for statement in triggers.removal(connection.vendor):
                    cursor.execute(statement)
        try:
            flush(self, sql_list)
        finally:
            with connection.cursor() as cursor:
                for triggers in lifts:
                    for statement in triggers.statements(connection.vendor):
                        cursor.execute(statement, None)

    type(connection.ops).execute_sql_flush = lifted
    yield
    type(connection.ops).execute_sql_flush = flush


@pytest.fixture(scope="session", autouse=True)
def flush_asks_first(flush_may_empty_the_history):
    """Tables without a row are not emptied."""
    emptying = Emptying()
    TransactionTestCase._fixture_teardown = lambda case: emptying(case)
    yield
    TransactionTestCase._fixture_teardown = FLUSH


@pytest.fixture(scope="session")
def template(django_db_setup, django_db_blocker):
    """On PostgreSQL the name of a database like the tests' own, migrated and empty: to copy takes less than to migrate."""
    if connection.vendor != "postgresql":
        yield ""
        return
    own = connection.settings_dict["NAME"]
    assert own.startswith("test_"), "the test that asked first does not say that it needs a database"
    name = f"{own}_template"

    def on_the_server(*statements):
        with django_db_blocker.unblock(), connection._nodb_cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    connection.close()  # nobody may be connected to what is copied
    left = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{own}'"
    drop = f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'
    on_the_server(left, drop, f'CREATE DATABASE "{name}" TEMPLATE "{own}"')
    yield name
    on_the_server(drop)


@pytest.fixture(scope="session", autouse=True)
def static_files_are_found_once():
    """Each test client begins with WhiteNoise's walk through all static files: here the first one's is kept."""
    found, walk = {}, WhiteNoiseMiddleware.add_files_from_finders

    def walk_once(self):
        if not found:
            walk(self)
            found.update(self.files)
        self.files.update(found)

    WhiteNoiseMiddleware.add_files_from_finders = walk_once
    yield
    WhiteNoiseMiddleware.add_files_from_finders = walk


@pytest.fixture
def shared_database(transactional_db, tmp_path):
    """The tests' database as other threads and processes may open it: on SQLite a file for the length of the test."""
    with nullcontext() if connection.vendor == "postgresql" else file_database(tmp_path):
        yield


@pytest.fixture
def house(shared_database, tmp_path):
    """Processes of the test's own, on its database and without a server beside it."""
    made = House(tmp_path / "house")
    yield made
    made.close()


@pytest.fixture
def county(db):
    return County()


@pytest.fixture
def api():
    """`api(user)`: a client of the REST API logged in as this person."""

    def client(user=None):
        made = APIClient()
        if user is not None:
            made.force_login(user)
        return made

    return client
