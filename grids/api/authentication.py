"""Who asks, where this person stands today and how fresh the kept data are: one query for every request by token."""

from datetime import date

import orjson
from django.db.models import OuterRef
from django.utils import timezone
from knox.models import get_token_model

from accounts.api import authentication
from core import versions
from core.prepared import Prepared
from grids.scope import Scope, posts_as_text, seats_of


def _with_posts(digest, today):
    tokens = get_token_model().objects.filter(digest=digest)
    found = tokens.annotate(posts=posts_as_text(OuterRef("user_id"), today), versions=versions.AsText())
    return found.values_list(*authentication.COLUMNS, "posts", "versions")


_by_digest = Prepared(_with_posts, str, date)


class TokenAuthentication(authentication.TokenAuthentication):
    """As its base; besides, the scope is on the user and the data versions are at `request.versions` (versions.of)."""

    def authenticate(self, request):
        self._along = None
        found = super().authenticate(request)
        if found is not None:
            user = found[0]
            posts, kept = self._along
            user._scope = Scope(user.pk, seats_of(orjson.loads(posts or "[]")))
            request.versions = orjson.loads(kept or "{}")
        return found

    def rows_of(self, digest):
        rows = _by_digest(digest, timezone.localdate())
        if rows:
            self._along = rows[0][-2:]
        return rows
