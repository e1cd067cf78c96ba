"""Tokens of knox in one query: knox itself looks through all the person's tokens at every request."""

from django.utils import timezone
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from knox.crypto import hash_token
from knox.models import get_token_model
from rest_framework.exceptions import AuthenticationFailed

from accounts.models import User
from core.prepared import Prepared, instance

_TOKEN = [field.name for field in get_token_model()._meta.concrete_fields]
_USER = [f"user__{field.name}" for field in User._meta.concrete_fields]
COLUMNS = (*_TOKEN, *_USER)
_by_digest = Prepared(lambda digest: get_token_model().objects.filter(digest=digest).values_list(*COLUMNS), str)


class TokenAuthentication(KnoxTokenAuthentication):
    """`Authorization: Token …`. Outdated tokens are refused here and deleted when the person logs in again."""

    def authenticate_credentials(self, token):
        """(user, token's row), found by the token's hash, which nobody can make without the token."""
        try:
            rows = self.rows_of(hash_token(token.decode()))
        except UnicodeDecodeError as error:
            raise AuthenticationFailed from error
        if not rows:
            raise AuthenticationFailed
        found = instance(get_token_model(), rows[0][: len(_TOKEN)])
        if found.expiry is not None and found.expiry < timezone.now():
            raise AuthenticationFailed
        found.user = instance(User, rows[0][len(_TOKEN) : len(COLUMNS)])
        return self.validate_user(found)

    def rows_of(self, digest: str) -> list[tuple]:
        """The token of this hash with its person, as COLUMNS; a subclass may read more behind them."""
        return _by_digest(digest)
