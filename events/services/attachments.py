"""Photos and files: checked by content, stored under random names, bound to an event by the step that brings them."""

import hashlib
import io
import logging
import warnings
from datetime import datetime, timedelta
from uuid import UUID

import filetype
from django.conf import settings
from django.contrib.gis.geos import Point
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import ExifTags, Image, ImageOps

from core.documents import Unfit, check_pdf
from core.errors import Invalid, Refused
from core.pictures import BROKEN, open_picture
from events.clocks import BEIJING
from events.models import Attachment
from grids.scope import Scope

log = logging.getLogger(__name__)

# content type by magic number → extension under which it is stored
ALLOWED = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/heic": ".heic",
    "application/pdf": ".pdf",
    "video/mp4": ".mp4",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
}
PICTURES = {"image/jpeg", "image/png", "image/webp", "image/heic"}
NOT_SHOWN = {"image/heic"}  # pictures that most browsers cannot show: pages show a JPEG made of them
THUMBNAIL_PIXELS = (480, 480)
VIEWING_PIXELS = (2048, 2048)
MOST_PIXELS = 60_000_000  # phones take up to 50 million
MOST_UNPACKED = 25_000_000  # four bytes a pixel
HEAD_BYTES = 8192
UNCLAIMED_DAYS = 7  # a phone that was out of reach comes back within days
BATCH = 200
MAY_UPLOAD = ("events.report_event", "events.handle_event", "events.verify_event")


def store(*, actor, upload, kind=Attachment.Kind.OTHER) -> Attachment:
    """Keep an upload (a Django file). Raises Invalid (type, size, broken picture), Refused without any such post."""
    if not any(Scope.of(actor).may(permission) for permission in MAY_UPLOAD):
        raise Refused(_("Your posts do not allow uploads."))
    content_type = _checked_type(upload)
    if kind not in Attachment.Kind.values:
        raise Invalid(
            fields={"kind": [_("Expected one of: %(names)s.") % {"names": ", ".join(Attachment.Kind.values)}]}
        )
    row = Attachment(
        uploader=actor,
        kind=kind,
        name=(upload.name or "")[-120:],
        extension=ALLOWED[content_type],
        content_type=content_type,
        size=upload.size,
        sha256=_digest(upload),
    )
    derived = {}
    if content_type in PICTURES:
        derived = _read_picture(upload, row)
    elif content_type == "application/pdf":
        _check_document(upload)
    upload.seek(0)
    try:
        row.file.save(upload.name, upload, save=False)
        for name, content in derived.items():
            getattr(row, name).save(name, content, save=False)
        with transaction.atomic():
            row.save(force_insert=True)
    except Exception:
        # No row, no file: nothing may lie about that nobody knows of.
        for field in row.files:
            field.delete(save=False)
        raise
    return row


def _checked_type(upload) -> str:
    limit = settings.ATTACHMENT_MAX_BYTES
    if upload.size > limit:
        raise Invalid(
            fields={
                "file": [
                    _("The file has %(size)d MB, at most %(limit)d MB are taken.")
                    % {"size": upload.size // 2**20, "limit": limit // 2**20}
                ]
            }
        )
    upload.seek(0)
    found = filetype.guess(upload.read(HEAD_BYTES))
    upload.seek(0)
    content_type = found.mime if found else None
    if content_type not in ALLOWED:
        raise Invalid(
            fields={
                "file": [
                    _(
                        "This kind of file is not taken. Expected a JPEG, PNG, WebP or HEIC photo, a PDF, "
                        "an MP4 video or an MP3/M4A recording."
                    )
                ]
            }
        )
    return content_type


def _digest(upload) -> str:
    digest = hashlib.sha256()
    upload.seek(0)
    for chunk in upload.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def _check_document(upload):
    try:
        check_pdf(upload)
    except Unfit as error:
        raise Invalid(fields={"file": [str(error)]}) from error


def _read_picture(upload, row) -> dict[str, ContentFile]:
    """EXIF time and place onto the row; returns what pages show, by its field: without EXIF."""
    upload.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with open_picture(upload) as picture:
                return _derived(picture, row)
    except Invalid:
        raise
    except (*BROKEN, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Invalid(
            fields={"file": [_("The picture cannot be read: it is broken or incomplete.")]}
        ) from error


def _derived(picture, row) -> dict[str, ContentFile]:
    # A JPEG (MPO: one with a second picture behind it) is scaled while it is read; the others are unpacked whole.
    scaled = picture.format in {"JPEG", "MPO"}
    if picture.width * picture.height > (MOST_PIXELS if scaled else MOST_UNPACKED):
        raise Invalid(fields={"file": [_("The picture has too many pixels.")]})
    row.taken_at, row.taken_where = _from_exif(picture)
    if scaled:
        picture.draft("RGB", THUMBNAIL_PIXELS)
    seen, made = _upright(picture), {}
    if row.content_type in NOT_SHOWN:
        seen.thumbnail(VIEWING_PIXELS)
        made["viewing"] = _written(seen, "JPEG", quality=82, icc_profile=picture.info.get("icc_profile"))
    seen.thumbnail(THUMBNAIL_PIXELS)
    made["thumbnail"] = _written(seen, "WEBP", quality=78)
    return made


def _written(picture, kind, **how) -> ContentFile:
    """A picture as a file; what the camera wrote into its own (time, place) is not written again."""
    plain, out = picture.convert("RGB"), io.BytesIO()
    plain.info.clear()
    plain.save(out, kind, **how)
    return ContentFile(out.getvalue())


def _from_exif(picture):
    """(time, position) as far as the picture's EXIF can be read; a phone that writes it badly loses no photo."""
    try:
        exif = picture.getexif()
        return _exif_time(exif), _exif_position(exif)
    except BROKEN as error:
        log.info("EXIF that cannot be read: %r", error)
        return None, None


def _upright(picture):
    try:
        return ImageOps.exif_transpose(picture)
    except BROKEN:
        return picture


def _exif_time(exif):
    """DateTimeOriginal, which carries no zone: phones here run on Beijing time."""
    text = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal) or exif.get(
        ExifTags.Base.DateTime
    )
    try:
        text = str(text or "").rstrip("\0 ")
        return datetime.strptime(text, "%Y:%m:%d %H:%M:%S").replace(tzinfo=BEIJING) if text else None
    except ValueError:
        return None


def _exif_position(exif):
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    try:
        lat = _degrees(gps[ExifTags.GPS.GPSLatitude]) * (
            -1 if gps.get(ExifTags.GPS.GPSLatitudeRef) == "S" else 1
        )
        lon = _degrees(gps[ExifTags.GPS.GPSLongitude]) * (
            -1 if gps.get(ExifTags.GPS.GPSLongitudeRef) == "W" else 1
        )
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return Point(lon, lat, srid=4326) if -180 <= lon <= 180 and -90 <= lat <= 90 else None


def _degrees(parts) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600


def claim(public_ids, actor) -> list[Attachment]:
    """The actor's own unbound uploads with these ids, in their order. Raises Invalid naming those that are not."""
    if not public_ids:
        return []
    wanted = list(dict.fromkeys(_uuid(pk) for pk in public_ids))
    free = Attachment.objects.filter(public_id__in=wanted, uploader=actor, event=None)
    rows = {row.public_id: row for row in free.order_by("pk").select_for_update()}
    unknown = [str(pk) for pk in wanted if pk not in rows]
    if unknown:
        raise Invalid(
            fields={
                "photos": [
                    _("Not an upload of yours that is still free: %(ids)s.") % {"ids": ", ".join(unknown)}
                ]
            }
        )
    return [rows[pk] for pk in wanted]


def _uuid(text) -> UUID:
    try:
        return text if isinstance(text, UUID) else UUID(str(text))
    except ValueError as error:
        raise Invalid(fields={"photos": [_("%(id)s is not the id of an upload.") % {"id": text}]}) from error


def bind(photos, event, row):
    """Photos belong to the event from now on, under the step that brought them: one UPDATE."""
    if photos:
        Attachment.objects.filter(pk__in=[photo.pk for photo in photos]).update(event=event, seq=row.seq)


def drop_unclaimed(now=None) -> int:
    """Delete uploads that no step has claimed for a week, files first: what is interrupted is done again. Idempotent."""
    before = (now or timezone.now()) - timedelta(days=UNCLAIMED_DAYS)
    dropped = 0
    while True:
        with transaction.atomic():
            # Locked, so that a step that claims one at this moment finds it gone and says so.
            old = Attachment.objects.filter(event=None, uploaded_at__lt=before).order_by("pk")
            rows = list(old.select_for_update(skip_locked=True)[:BATCH])
            for row in rows:
                for field in row.files:
                    field.delete(save=False)
            Attachment.objects.filter(pk__in=[row.pk for row in rows]).delete()
        dropped += len(rows)
        if len(rows) < BATCH:
            return dropped
