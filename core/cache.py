"""The cache holds nothing that cannot be made again, so a missing Redis must not stop anybody's work."""

import logging
import time

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
QUIET_SECONDS = 60
_kept: dict[tuple, "KeptClients"] = {}  # (servers, options) → the process's client


class KeptClients(RedisCacheClient):
    """Django makes a client object (0.1 ms) for every single command; one per server is enough, and thread-safe."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._clients = {}

    def get_client(self, key=None, *, write=False):
        pool = self._get_connection_pool(write)
        if pool not in self._clients:
            self._clients[pool] = self._client(connection_pool=pool)
        return self._clients[pool]


class ProcessCache(LocMemCache):
    """The cache of the embedded default: one process's memory."""

    def count(self, key, seconds: int) -> int:
        """How often `key` was counted, this time included; forgotten after `seconds`."""
        while True:
            if self.add(key, 1, seconds):
                return 1
            try:
                return self.incr(key)
            except ValueError:  # it has expired between the two
                continue


class FailOpenRedisCache(RedisCache):
    """Redis, and nothing (a miss) while Redis is away. Says so in the log once a minute."""

    _said_at = 0.0

    def __init__(self, server, params):
        super().__init__(server, params)
        self._class = KeptClients

    @property
    def _cache(self):
        """One client per server and process, not per request: Django keeps cache objects per context, and every request
        has a context of its own, so each would connect to Redis anew (1.5 ms of processor time)."""
        key = (tuple(self._servers), repr(sorted(self._options.items())))
        if key not in _kept:
            _kept.setdefault(key, self._class(self._servers, **self._options))
        return _kept[key]

    def _try(self, method, fallback, *args, **kwargs):
        try:
            return getattr(super(), method)(*args, **kwargs)
        except (RedisError, OSError) as error:
            self._say(error)
            return fallback

    @staticmethod
    def _say(error):
        if time.monotonic() - FailOpenRedisCache._said_at > QUIET_SECONDS:
            FailOpenRedisCache._said_at = time.monotonic()
            log.warning("Redis is out of reach, working without the cache: %s", error)

    def get(self, key, default=None, version=None):
        return self._try("get", default, key, default, version)

    def set(self, *args, **kwargs):
        return self._try("set", None, *args, **kwargs)

    def add(self, *args, **kwargs):
        return self._try("add", True, *args, **kwargs)

    def delete(self, *args, **kwargs):
        return self._try("delete", False, *args, **kwargs)

    def touch(self, *args, **kwargs):
        return self._try("touch", False, *args, **kwargs)

    def get_many(self, *args, **kwargs):
        return self._try("get_many", {}, *args, **kwargs)

    def set_many(self, *args, **kwargs):
        return self._try("set_many", [], *args, **kwargs)

    def incr(self, key, delta=1, version=None):
        return self._try("incr", delta, key, delta, version)

    def count(self, key, seconds: int) -> int:
        """How often `key` was counted, this time included; forgotten after `seconds`. 0 while Redis is away."""
        try:
            client, made = self._cache.get_client(write=True), self.make_and_validate_key(key)
            counted = client.incr(made)
            if counted == 1:
                client.expire(made, seconds)
            return counted
        except (RedisError, OSError) as error:
            self._say(error)
            return 0

    def has_key(self, *args, **kwargs):
        return self._try("has_key", False, *args, **kwargs)

    def clear(self):
        """Forget this cache's keys only: Django's own would empty the whole Redis, and with it the queued tasks."""
        try:
            client = self._cache.get_client(None, write=True)
            found = list(client.scan_iter(match=f"{self.key_prefix}:{self.version}:*", count=1000))
            if found:
                client.delete(*found)
        except (RedisError, OSError) as error:
            log.warning("Redis is out of reach, nothing was cleared: %s", error)
            return False
        return True
