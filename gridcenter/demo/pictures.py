"""A small stock of drawn photos: many events share one, so that half a million steps need no gigabytes."""

import hashlib
import io
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageDraw

KINDS = {"before": ((176, 120, 92), 4), "after": ((110, 160, 120), 4), "verify": ((104, 140, 180), 2)}
SIZE, THUMBNAIL = (960, 720), (480, 360)


@dataclass(frozen=True)
class Picture:
    """A stored file with its thumbnail; what rows of events_attachment need to know of it."""

    kind: str
    file: str
    thumbnail: str
    sha256: str
    size: int
    name: str


def stock() -> list[Picture]:
    """Draw and store the pictures (anew each time: their content never changes)."""
    made = []
    for kind, (colour, number) in KINDS.items():
        for index in range(1, number + 1):
            made.append(_store(kind, index, colour))
    return made


def _store(kind, index, colour):
    picture = _draw(kind, index, colour)
    data = _encoded(picture, "JPEG", quality=78)
    small = _encoded(picture.resize(THUMBNAIL), "WEBP", quality=70)
    name = f"{kind}-{index}.jpg"
    return Picture(
        kind=kind,
        file=_save(f"attachments/demo/{name}", data),
        thumbnail=_save(f"thumbnails/demo/{kind}-{index}.webp", small),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        name=name,
    )


def _encoded(picture, form, **options):
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def _save(path, data):
    if default_storage.exists(path):
        default_storage.delete(path)
    return default_storage.save(path, ContentFile(data))


def _draw(kind, index, colour):
    """A street under a sky, littered before and clean after, marked as a drawing."""
    picture = Image.new("RGB", SIZE, (205, 218, 228))
    pen = ImageDraw.Draw(picture)
    width, height = SIZE
    pen.rectangle((0, 300, width, height), fill=(150, 150, 146))
    for house in range(5):
        left = house * 200 - 30 * index
        shade = tuple(max(0, part - 14 * ((house + index) % 4)) for part in colour)
        pen.rectangle((left, 110 + 25 * ((house * index) % 3), left + 170, 360), fill=shade)
        for row in range(3):
            for column in range(3):
                x, y = left + 22 + column * 48, 170 + row * 58
                pen.rectangle((x, y, x + 26, y + 34), fill=(228, 232, 226))
    pen.polygon(((260, height), (420, 360), (560, 360), (760, height)), fill=(112, 112, 112))
    if kind == "before":
        for piece in range(14):
            x, y = 300 + (piece * 67 * index) % 380, 440 + (piece * 41) % 240
            pen.ellipse((x, y, x + 34, y + 20), fill=((90 + piece * 9) % 200, 84, 62))
    pen.rectangle((0, height - 46, width, height), fill=(30, 40, 52))
    pen.text((18, height - 40), f"DEMO  {kind}  {index}  (drawn, not a photograph)", fill="white", font_size=26)
    return picture
