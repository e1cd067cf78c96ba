"""Photos and files of events, to those who may see the event and nobody else."""

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from events.models import Attachment

SHOWN_IN_PLACE = {"image/jpeg", "image/png", "image/webp", "application/pdf"}


def _attachment(user, public_id):
    row = Attachment.objects.visible_to(user).filter(public_id=public_id).first()
    if row is None:
        raise Http404
    return row


def _send(field, **headers):
    try:
        return FileResponse(field.open("rb"), **headers)
    except FileNotFoundError as error:
        raise Http404 from error


@login_required
@require_safe
@cache_control(private=True, max_age=3600, immutable=True)
def attachment(request, public_id):
    """The file itself; what a browser cannot show safely is offered for download."""
    row = _attachment(request.user, public_id)
    return _send(
        row.file, filename=row.name, content_type=row.content_type,
        as_attachment=row.content_type not in SHOWN_IN_PLACE,
    )


@login_required
@require_safe
@cache_control(private=True, max_age=3600, immutable=True)
def viewing(request, public_id):
    """A photo as every browser shows it: a JPEG of one that few do (HEIC), else the file itself."""
    row = _attachment(request.user, public_id)
    if row.viewing:
        return _send(row.viewing, content_type="image/jpeg")
    return _shown(row)


@login_required
@require_safe
@cache_control(private=True, max_age=3600, immutable=True)
def thumbnail(request, public_id):
    """A small WebP picture; the file itself where there is none (an import without thumbnails)."""
    row = _attachment(request.user, public_id)
    if row.thumbnail:
        return _send(row.thumbnail, content_type="image/webp")
    return _shown(row)


def _shown(row):
    if not row.is_image or row.content_type not in SHOWN_IN_PLACE:
        raise Http404
    return _send(row.file, content_type=row.content_type)
