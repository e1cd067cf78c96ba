"""The id of a request as its sender names it: taken only if it is short and plain, for it stands in every log line."""

import re

PLAIN = re.compile(r"[A-Za-z0-9._-]{1,64}")


def bounded(get_response):
    """Middleware in front of django_guid, which makes an id of its own where none is given."""

    def middleware(request):
        if not PLAIN.fullmatch(request.META.get("HTTP_X_REQUEST_ID", "")):
            request.META.pop("HTTP_X_REQUEST_ID", None)
        return get_response(request)

    return middleware
