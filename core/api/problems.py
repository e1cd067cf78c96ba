"""Every error of the API as problem details (RFC 9457), never a bare 500 for bad input."""

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from core.errors import DomainError

CONTENT_TYPE = "application/problem+json"


def problem(status, code, title, *, fields=None, headers=None, **facts):
    """A problem-details response: type, title, status, code, then `errors` by field and further facts."""
    body = {"type": f"/api/v1/problems/{code}", "title": str(title), "status": status, "code": code}
    if fields:
        body["errors"] = fields
    body.update(facts)
    return Response(body, status=status, headers=headers, content_type=CONTENT_TYPE)


def handler(error, context):
    """DRF's exception handler: returns a Response, or None for a fault of ours (a logged 500)."""
    set_rollback()
    if isinstance(error, DomainError):
        return problem(error.status, error.code, error.message, fields=_plain(error.fields), **error.facts)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, DjangoValidationError):
        return problem(
            400,
            "invalid",
            _("Some of the input is missing or wrong."),
            fields=error.message_dict
            if hasattr(error, "error_dict")
            else {"non_field_errors": error.messages},
        )
    if not isinstance(error, exceptions.APIException):
        return None
    return _from_drf(error)


def _from_drf(error):
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait) + 1)
    if isinstance(error, exceptions.ValidationError):
        detail = error.detail if isinstance(error.detail, dict) else {"non_field_errors": error.detail}
        return problem(400, "invalid", _("Some of the input is missing or wrong."), fields=detail)
    codes = error.get_codes()
    return problem(
        error.status_code, codes if isinstance(codes, str) else "error", error.detail, headers=headers
    )


def _plain(fields):
    return {name: [str(text) for text in texts] for name, texts in fields.items()}
