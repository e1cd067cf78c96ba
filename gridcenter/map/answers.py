"""Domain errors as answers of the map's small requests: JSON with a status, pages of their own for people."""

from functools import wraps

from django.http import Http404, JsonResponse

from core.errors import DomainError, NotFound


def told(view):
    """404 as a page, everything else as {"title", "fields"} with its status."""

    @wraps(view)
    def wrapped(*args, **kwargs):
        try:
            return view(*args, **kwargs)
        except NotFound as error:
            raise Http404 from error
        except DomainError as error:
            return JsonResponse({"title": str(error.message), "fields": error.fields}, status=error.status)

    return wrapped
