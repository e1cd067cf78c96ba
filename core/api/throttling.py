"""How many requests somebody may make in a minute: counted in windows, one command to Redis per request.

DRF's own throttles keep the times of all requests of a window and write them back: two commands with a list that
grows, and of two requests at once only one is counted. A window costs less and counts each; the price is that at its
edge somebody may make up to twice as many within a minute.
"""

from django.core.cache import cache
from rest_framework.throttling import AnonRateThrottle, UserRateThrottle


class Windowed:
    """Mixed into DRF's throttles: counts by `core.cache`; while the cache is away nobody is stopped."""

    def allow_request(self, request, view):
        self.key = self.get_cache_key(request, view) if self.rate is not None else None
        if self.key is None:
            return True
        self.now = self.timer()
        window = int(self.now // self.duration)
        return cache.count(f"{self.key}:{window}", self.duration) <= self.num_requests

    def wait(self):
        """Seconds until the window ends."""
        return self.duration - self.now % self.duration


class UserThrottle(Windowed, UserRateThrottle):
    """Per person, all of the API."""

    scope = "user"


class AnonThrottle(Windowed, AnonRateThrottle):
    """Per address, for those not logged in."""

    scope = "anon"


class LoginThrottle(Windowed, AnonRateThrottle):
    """Asking for a token: per address, on top of the lock after failed tries."""

    scope = "login"


class UploadThrottle(Windowed, UserRateThrottle):
    scope = "upload"
