"""Clearing the cache leaves the queue alone, which lies in the same Redis."""

import pytest
import redis
from django.conf import settings

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
