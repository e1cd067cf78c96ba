"""JSON by orjson: several times faster than the standard library on long lists."""

from decimal import Decimal

import orjson
from django.utils.functional import Promise
from rest_framework.renderers import BaseRenderer


def _default(value):
    if isinstance(value, Decimal | Promise):
        return str(value)
    if isinstance(value, dict):  # ReturnDict and the like
        return dict(value)
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


class OrjsonRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data, accepted_media_type=None, renderer_context=None):
        # The view keeps its response and the response its view: both, and a list of ten thousand rows with them, would
        # wait for the garbage collector. Nobody asks the view for it any more.
        view = (renderer_context or {}).get("view")
        if view is not None:
            vars(view).pop("response", None)
        if data is None:
            return b""
        return orjson.dumps(
            data,
            default=_default,
            option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_UUID | orjson.OPT_UTC_Z,
        )
