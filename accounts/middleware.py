"""Leads whoever still has an initial password to the page where they choose their own."""

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin

from accounts.passwords import InitialPassword

OPEN = {
    "accounts:initial-password",
    "accounts:login",
    "accounts:logout",
    "accounts:language",
    "admin:logout",
    "api:token",
    "healthz",
    "readyz",
}


class OwnPasswordFirst(MiddlewareMixin):
    """Sessions only: tokens are not given to such a person (accounts.api.views), and keys belong to machines."""

    def process_view(self, request, view, args, kwargs):
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or request.resolver_match.view_name in OPEN:
            return None
        if not getattr(request.user, "must_change_password", False):
            return None
        if request.resolver_match.namespaces[:1] == ["api"]:
            return _problem(InitialPassword())
        return _lead(request, reverse("accounts:initial-password"))


def _lead(request, page):
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": page})
    wanted = request.get_full_path() if request.method == "GET" else "/"
    return HttpResponseRedirect(page if wanted == "/" else f"{page}?{urlencode({'next': wanted})}")


def _problem(error):
    """As core.api.problems says it, before any view of the API has been asked."""
    body = {"type": f"/api/v1/problems/{error.code}/", "title": str(error.message), "status": error.status}
    return JsonResponse(
        {**body, "code": error.code, **error.facts},
        status=error.status,
        content_type="application/problem+json",
    )
