from rest_framework.throttling import AnonRateThrottle, UserRateThrottle


class UserThrottle(UserRateThrottle):
    """Per person, all of the API."""

    scope = "user"


class AnonThrottle(AnonRateThrottle):
    """Per address, for those not logged in."""

    scope = "anon"


class LoginThrottle(AnonRateThrottle):
    """Asking for a token: per address, on top of the lock after failed tries."""

    scope = "login"


class UploadThrottle(UserRateThrottle):
    scope = "upload"
