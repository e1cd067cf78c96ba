"""Log in for a token, log out of one or all of them."""

from django.contrib.auth import authenticate
from django.contrib.auth.models import update_last_login
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, inline_serializer
from knox.models import get_token_model
from knox.settings import knox_settings
from rest_framework import permissions, serializers, status
from rest_framework.exceptions import NotAuthenticated, Throttled
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from accounts.passwords import InitialPassword
from core.api import fields
from core.api.throttling import AnonThrottle, LoginThrottle
from core.errors import Invalid, Refused

LOGIN = {
    "username": serializers.CharField(max_length=150),
    "password": serializers.CharField(max_length=200, trim_whitespace=False),
}
TOKEN = inline_serializer(
    "Token",
    {"token": serializers.CharField(), "expiry": serializers.DateTimeField(allow_null=True)},
)


class LogIn(APIView):
    """A token for a person's phone or script. Too many wrong passwords lock the name at that address for a
    quarter of an hour."""

    authentication_classes = ()
    permission_classes = (permissions.AllowAny,)
    throttle_classes = (LoginThrottle, AnonThrottle)

    @extend_schema(request=fields.as_serializer("LogIn", LOGIN, LOGIN), responses={200: TOKEN})
    def post(self, request):
        given = fields.read(request.data, LOGIN)
        fields.missing(given, LOGIN)
        user = self._user(request._request, given)
        _make_room(user)
        row, token = get_token_model().objects.create(user=user)
        update_last_login(None, user)
        return Response({"token": token, "expiry": row.expiry})

    def _user(self, request, given):
        user = authenticate(request, **given)
        # The lock is answered here, as a problem; the middleware would put a page in its place.
        locked, request.axes_locked_out = getattr(request, "axes_locked_out", False), False
        if locked:
            raise Throttled(detail=_("Too many wrong passwords: this name is locked for a while."))
        if user is None:
            raise Invalid(_("This name and password do not belong together."))
        if user.kind == User.Kind.MACHINE:
            raise Refused(_("A department's system logs in with its key, not with a password."))
        if user.must_change_password:
            raise InitialPassword
        return user


def _make_room(user):
    """Outdated tokens go; beyond the limit the oldest goes, so that nobody is locked out by phones they have lost."""
    tokens = get_token_model().objects.filter(user=user)
    tokens.filter(expiry__lt=timezone.now()).delete()
    kept = (knox_settings.TOKEN_LIMIT_PER_USER or 1000) - 1
    surplus = list(tokens.order_by("-created").values_list("pk", flat=True)[kept:])
    if surplus:
        tokens.filter(pk__in=surplus).delete()


TOKEN_ONLY = APIView.authentication_classes[:1]  # as the settings name it, first of all


class LogOut(APIView):
    """Ends the token of this request."""

    authentication_classes = TOKEN_ONLY

    @extend_schema(request=None, responses={204: None})
    def post(self, request):
        if request.auth is None:
            raise NotAuthenticated
        request.auth.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class LogOutEverywhere(APIView):
    """Ends all tokens of this person: for a phone that was lost."""

    authentication_classes = TOKEN_ONLY

    @extend_schema(request=None, responses={204: None})
    def post(self, request):
        request.user.auth_token_set.all().delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
