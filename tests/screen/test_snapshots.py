"""Figures are read once per change however many ask; a ticket opens one territory and not for long."""

import threading
import time

import pytest
from django.core import signing

from gridcenter.screen import snapshots, tickets
from gridcenter.screen.snapshots import Store
from gridcenter.screen.territory import Place


class Slow:
    """Figures that take a moment; `count` says how often they were read."""

    def __init__(self):
        self.count = 0

    def __call__(self, path):
        self.count += 1
        time.sleep(0.2)
        return {"path": path, "n": self.count}


@pytest.fixture
def clock(monkeypatch):
    """No database: its clock is this machine's."""
    monkeypatch.setattr(snapshots, "database_time", time.time)
    monkeypatch.setattr(snapshots, "MOST_AGE_SECONDS", 3600)


def ask_together(store, path, after, times):
    found = []
    threads = [threading.Thread(target=lambda: found.append(store.get(path, after))) for _n in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def test_forty_that_ask_at_once_share_one_reading(clock):
    figures = Slow()
    store = Store(figures)
    found = ask_together(store, "/1/", 0, 40)
    assert (figures.count, len(found), len(set(map(id, found)))) == (1, 40, 1)
    changed = time.time()
    found = ask_together(store, "/1/", changed, 40)
    assert figures.count == 2 and all(one.at >= changed for one in found)
    assert store.get("/1/", changed) is found[0]


def test_each_territory_has_its_own(clock):
    store = Store(Slow())
    one, other = store.get("/1/2/"), store.get("/1/3/")
    assert b'"/1/2/"' in one.body and b'"/1/3/"' in other.body and one.etag != other.etag


def test_old_ones_are_read_anew_and_the_etag_stays_if_nothing_changed(clock, monkeypatch):
    store = Store(lambda path: {"same": True})
    first = store.get("/1/")
    monkeypatch.setattr(snapshots.Snapshot, "is_old", True)
    second = store.get("/1/")
    assert second is not first and (second.etag, second.body) == (first.etag, first.body)
    assert second.at >= first.at


def test_a_fault_is_not_kept(clock):
    faults = [RuntimeError("away")]

    def make(path):
        if faults:
            raise faults.pop()
        return {}

    store = Store(make)
    with pytest.raises(RuntimeError):
        store.get("/1/")
    assert store.get("/1/").body == b"{}"


def test_only_so_many_are_kept(clock, monkeypatch):
    monkeypatch.setattr(snapshots, "KEPT", 3)
    figures = Slow()
    store = Store(figures)
    for number in (1, 2, 3, 1, 4):
        store.get(f"/{number}/")
    store.get("/1/")
    assert figures.count == 4
    store.get("/2/")  # was the one asked for longest ago
    assert figures.count == 5


def test_a_ticket_is_for_one_territory_and_a_short_time(monkeypatch):
    ticket = tickets.make(Place(14, "阳三街道", 2, "/1/2/14/"))
    assert tickets.path_of(ticket, 14) == "/1/2/14/"
    assert tickets.path_of(ticket, 1) is None
    for wrong in ("", "14:/1/2/14/", ticket[:-1], ticket.replace("14", "1"), signing.Signer().sign("14:/1/")):
        assert tickets.path_of(wrong, 14) is None
    monkeypatch.setattr(tickets, "LIFE_SECONDS", -31)
    assert tickets.path_of(ticket, 14) is None
