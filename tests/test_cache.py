"""Clearing the cache leaves the queue alone, which lies in the same Redis."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest
import redis
from django.conf import settings
from django.core.cache import cache

from core.cache import FailOpenRedisCache


@pytest.mark.skipif(not settings.REDIS_URL, reason="needs REDIS_URL")
def test_clearing_the_cache_keeps_queued_tasks():
    client = redis.Redis.from_url(settings.REDIS_URL)
    task = f"{settings.KEY_PREFIX}-cleared:queue"
    client.lpush(task, "a task")
    cache = FailOpenRedisCache(settings.REDIS_URL, {"KEY_PREFIX": f"{settings.KEY_PREFIX}-cleared"})
    try:
        cache.set("figure", 7)
        assert cache.clear() is True
        assert cache.get("figure") is None
        assert client.lrange(task, 0, -1) == [b"a task"]
    finally:
        client.delete(task)


def test_clearing_without_redis_stops_nobody():
    assert FailOpenRedisCache("redis://127.0.0.1:1/0", {}).clear() is False


@pytest.mark.skipif(not settings.REDIS_URL, reason="needs REDIS_URL")
def test_requests_share_their_connections(monkeypatch):
    """Every request has a context of its own, and Django a cache object per context."""
    made, connect = [], redis.connection.AbstractConnection.connect

    def counted(connection):
        if connection._sock is None:
            made.append(connection)
        return connect(connection)

    copy_context().run(cache.get, "figure")
    monkeypatch.setattr(redis.connection.AbstractConnection, "connect", counted)
    for _request in range(50):
        copy_context().run(cache.get, "figure")
    assert made == []
    redis.Redis.from_url(settings.REDIS_URL).ping()
    assert len(made) == 1  # which is what would have been counted


def test_what_is_counted_at_once_is_counted_once_each():
    with ThreadPoolExecutor(4) as pool:
        counted = list(pool.map(lambda _turn: cache.count("asked", 60), range(200)))
    assert sorted(counted) == list(range(1, 201))


def test_counting_without_redis_stops_nobody():
    assert FailOpenRedisCache("redis://127.0.0.1:1/0", {}).count("asked", 60) == 0
