from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed

from exchange.models import UnitKey

HEADER = "HTTP_X_API_KEY"


class UnitKeyAuthentication(BaseAuthentication):
    """`X-Api-Key: …` of a department's system: one query by its prefix, then a hash comparison."""

    def authenticate(self, request):
        key = request.META.get(HEADER)
        if not key:
            return None
        found = UnitKey.objects.with_user().filter(prefix=key.partition(".")[0]).first()
        expired = found is not None and found.expiry_date is not None and found.expiry_date < timezone.now()
        if found is None or expired or not found.is_valid(key) or not found.user.is_active:
            raise AuthenticationFailed(_("This key is unknown, revoked or expired."))
        return found.user, found

    def authenticate_header(self, request):
        return "X-Api-Key"
