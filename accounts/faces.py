"""Portraits of those who work in a grid: printed on signs and cards, cut to size, without what a camera writes."""

import io
import uuid

from django.core.files.base import ContentFile
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

SIZE = (500, 700)  # 5:7, as on identity papers; 300 dots per inch at 42 × 59 mm
FORMATS = ("JPEG", "PNG", "WEBP")
MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 60_000_000


def place(user, name) -> str:
    """A random name: the address of a face says nothing of whose it is."""
    made = uuid.uuid4().hex
    return f"faces/{made[:2]}/{made}.jpg"


def cut(upload) -> ContentFile:
    """A JPEG of SIZE from the middle of an upload, upright. Raises ValueError in plain words."""
    if upload.size > MOST_BYTES:
        raise ValueError(_("The picture is larger than 10 MB."))
    try:
        with Image.open(upload, formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise ValueError(_("The picture has too many pixels."))
            picture.draft("RGB", (SIZE[0] * 2, SIZE[1] * 2))
            upright = ImageOps.exif_transpose(picture).convert("RGB")
            made = ImageOps.fit(upright, SIZE, centering=(0.5, 0.4))  # heads are above the middle
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(_("Expected a JPEG, PNG or WebP picture.")) from error
    out = io.BytesIO()
    made.save(out, "JPEG", quality=88)
    return ContentFile(out.getvalue(), "face.jpg")
