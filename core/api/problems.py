"""Every error of the API as problem details (RFC 9457), never a bare 500 for bad input, never our insides."""

import logging

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.signals import got_request_exception
from django.db import OperationalError
from django.http import Http404
from django.utils.translation import gettext as _
from django_guid import get_guid
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from core.errors import DomainError

CONTENT_TYPE = "application/problem+json"
RETRY_SECONDS = 2
LOCKED = {"55P03", "40P01"}  # lock_not_available, deadlock_detected
log = logging.getLogger(__name__)


def problem(status, code, title, *, fields=None, headers=None, **facts):
    """A problem-details response: type, title, status, code, then `errors` by field and further facts."""
    body = {"type": f"/api/v1/problems/{code}/", "title": str(title), "status": status, "code": code}
    if fields:
        body["errors"] = fields
    body.update(facts)
    return Response(body, status=status, headers=headers, content_type=CONTENT_TYPE)


def handler(error, context):
    """DRF's exception handler: always a Response. A fault of ours is logged whole and answered with its request id."""
    set_rollback()
    if isinstance(error, DomainError):
        return problem(error.status, error.code, error.message, fields=_plain(error.fields), **error.facts)
    if isinstance(error, Http404):
        error = exceptions.NotFound(_("There is no such record, or it is not yours to see."))
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, DjangoValidationError):
        return problem(400, "invalid", _("Some of the input is missing or wrong."), fields=_of_django(error))
    elif isinstance(error, RequestDataTooBig):
        return problem(413, "too_large", _("The request is larger than this system takes."))
    elif isinstance(error, SuspiciousOperation):
        return problem(400, "invalid", _("The request cannot be carried out."))
    if isinstance(error, exceptions.APIException):
        return _from_drf(error)
    return _fault(error, context)


def _fault(error, context):
    request = context.get("request")
    if _is_locked(error):  # no fault of ours: somebody holds the row longer than we wait (settings DB_LOCK_SECONDS)
        log.warning("a lock was not free in time in %s", getattr(request, "path", "?"))
        words = _("Somebody else is at work on the same record. Nothing was written: please try again in a moment.")
        return problem(503, "busy", words, headers={"Retry-After": str(RETRY_SECONDS)}, request_id=get_guid())
    log.error("fault in %s", getattr(request, "path", "?"), exc_info=error)
    # As Django does for its own 500s: error reporters and the test client listen to it.
    got_request_exception.send(sender=handler, request=getattr(request, "_request", request))
    if isinstance(error, OperationalError):
        title = _("The database did not answer in time. Please try again.")
        return problem(503, "busy", title, headers={"Retry-After": str(RETRY_SECONDS)}, request_id=get_guid())
    return problem(
        500, "fault", _("Something went wrong on our side. It has been logged."), request_id=get_guid()
    )


def _is_locked(error) -> bool:
    """Whether a lock could not be had, or was taken from us: PostgreSQL by its code, SQLite by its words."""
    if not isinstance(error, OperationalError):
        return False
    return getattr(error.__cause__, "pgcode", None) in LOCKED or "database is locked" in str(error)


def _of_django(error):
    return error.message_dict if hasattr(error, "error_dict") else {"non_field_errors": error.messages}


def _from_drf(error):
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait) + 1)
    if isinstance(error, exceptions.ValidationError):
        detail = error.detail if isinstance(error.detail, dict) else {"non_field_errors": error.detail}
        fields = {name: _sentences(found) for name, found in detail.items()}
        return problem(400, "invalid", _("Some of the input is missing or wrong."), fields=fields)
    codes = error.get_codes()
    return problem(
        error.status_code, codes if isinstance(codes, str) else "error", error.detail, headers=headers
    )


def _sentences(found) -> list[str]:
    """What is wrong with one field, always as a list of sentences; of a list, each says at which place, from 1."""
    if isinstance(found, str):
        return [str(found)]
    if not isinstance(found, dict):
        return [sentence for one in found for sentence in _sentences(one)]
    return [
        _("%(place)s: %(words)s") % {"place": _place(key), "words": sentence}
        for key, one in found.items()
        for sentence in _sentences(one)
    ]


def _place(key) -> str:
    return _("No. %(number)d") % {"number": key + 1} if isinstance(key, int) else str(key)


def _plain(fields):
    return {name: [str(text) for text in texts] for name, texts in fields.items()}
