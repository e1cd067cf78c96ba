"""Who asks by token, where this person stands today and how fresh the kept data are: one query for every request.

It stands here and not with the accounts because it reads posts.
"""

from datetime import date

import orjson
from django.db.models import OuterRef
from django.utils import timezone
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from knox.crypto import hash_token
from knox.models import get_token_model
from rest_framework.exceptions import AuthenticationFailed

from accounts.models import User
from core import versions
from core.prepared import Prepared, instance
from grids.scope import Scope, posts_as_text, seats_in

_TOKEN = [field.name for field in get_token_model()._meta.concrete_fields]
_USER = [f"user__{field.name}" for field in User._meta.concrete_fields]


def _token(digest, today):
    found = get_token_model().objects.filter(digest=digest)
    along = {"posts": posts_as_text(OuterRef("user_id"), today), "versions": versions.AsText()}
    return found.annotate(**along).values_list("posts", "versions", *_TOKEN, *_USER)


_by_digest = Prepared(_token, str, date)


class TokenAuthentication(KnoxTokenAuthentication):
    """`Authorization: Token …`. Outdated tokens are refused here and deleted when the person logs in again.

    Knox itself looks through all the person's tokens at every request. Besides the person there are afterwards the scope
    (`Scope.of`) and the data versions, at `request.versions` (`versions.of`).
    """

    def authenticate(self, request):
        found = super().authenticate(request)
        if found is not None:
            request.versions = found[0].__dict__.pop("_read_along")
        return found

    def authenticate_credentials(self, token):
        """(user, token's row), found by the token's hash, which nobody can make without the token."""
        try:
            rows = _by_digest(hash_token(token.decode()), timezone.localdate())
        except UnicodeDecodeError as error:
            raise AuthenticationFailed from error
        if not rows:
            raise AuthenticationFailed
        posts, kept, *columns = rows[0]
        found = instance(get_token_model(), columns[: len(_TOKEN)])
        if found.expiry is not None and found.expiry < timezone.now():
            raise AuthenticationFailed
        found.user = user = instance(User, columns[len(_TOKEN) :])
        user._scope = Scope(user.pk, seats_in(posts))
        user._read_along = orjson.loads(kept or "{}")
        return self.validate_user(found)
