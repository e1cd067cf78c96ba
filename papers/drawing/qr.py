"""QR codes as vector paths, and the address that the resident's page of a grid has."""

import segno
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core.errors import Invalid

QUIET = 4  # modules of white around it (ISO/IEC 18004)


def resident_address(grid) -> str:
    """The public address of a grid's own page. Raises Invalid while nobody has said where the public reaches us."""
    if not settings.PUBLIC_URL:
        raise Invalid(_("The address for the QR code is not set: ask the administrator for PUBLIC_URL."))
    path = settings.RESIDENT_PAGE.format(code=grid.code, id=grid.pk)
    return f"{settings.PUBLIC_URL.rstrip('/')}/{path.lstrip('/')}"


def svg(payload: str) -> SafeString:
    """The code as one path, one unit per module. Level Q: a quarter may be scratched off a sign in the street."""
    code = segno.make_qr(payload, error="q")
    rows = [list(row) for row in code.matrix]
    size = len(rows) + 2 * QUIET
    return format_html(
        '<svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}"><path fill="#fff" d="M0 0h{}v{}h-{}z"/>'
        '<path fill="#000" d="{}"/></svg>',
        size, size, size, size, size, "".join(_runs(rows)),
    )  # fmt: skip


def _runs(rows):
    """Dark modules side by side are one rectangle: no hairlines between them in print."""
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            start = x
            while x < len(row) and row[x]:
                x += 1
            if x > start:
                yield f"M{start + QUIET} {y + QUIET}h{x - start}v1h-{x - start}z"
            x += 1
