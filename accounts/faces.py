"""Portraits of those who work in a grid: printed on signs and cards, cut to size, without what a camera writes."""

import io
import uuid

from django import forms
from django.core.files.base import ContentFile
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from core.pictures import BROKEN

FOLDER = "faces"
SIZE = (500, 700)  # 5:7, as on identity papers; 300 dots per inch at 42 × 59 mm
LEAST = 200  # pixels of the shorter side: less than that is a blur on a card
FORMATS = ("JPEG", "PNG", "WEBP")
MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 60_000_000  # phones take up to 50 million
MOST_UNPACKED = 25_000_000  # a JPEG is scaled while it is read; the others are unpacked whole, four bytes a pixel


class Unfit(ValueError):
    """What is wrong with a picture, in plain words."""


def place(portrait, name) -> str:
    """A random name: the address of a face says nothing of whose it is."""
    made = uuid.uuid4().hex
    return f"{FOLDER}/{made[:2]}/{made}.jpg"


def cut(upload) -> ContentFile:
    """A JPEG of SIZE from the middle of an upload, upright. Raises Unfit."""
    if upload.size > MOST_BYTES:
        raise Unfit(_("The picture is larger than 10 MB."))
    try:
        with Image.open(upload, formats=FORMATS) as picture:
            made = _fitted(picture)
    except Unfit:
        raise
    except (*BROKEN, Image.DecompressionBombError) as error:
        raise Unfit(_("Expected a whole JPEG, PNG or WebP picture.")) from error
    out = io.BytesIO()
    made.save(out, "JPEG", quality=88)
    return ContentFile(out.getvalue(), "face.jpg")


def _fitted(picture):
    if picture.width * picture.height > (MOST_PIXELS if picture.format == "JPEG" else MOST_UNPACKED):
        raise Unfit(_("The picture has too many pixels."))
    if min(picture.width, picture.height) < LEAST:
        raise Unfit(_("The picture is too small to print: at least %(least)s pixels each way.") % {"least": LEAST})
    picture.draft("RGB", (SIZE[0] * 2, SIZE[1] * 2))
    picture.load()  # whole: a file that ends half-way is refused here
    made = ImageOps.fit(_on_white(_upright(picture)), SIZE, centering=(0.5, 0.4))  # heads are above the middle
    made.info.clear()  # place, time, comments, thumbnails: nothing of it is written
    return made


def _upright(picture):
    try:
        return ImageOps.exif_transpose(picture)
    except BROKEN:
        return picture


def _on_white(picture):
    """What was cut out of its background stands on white, not on whatever the file holds under it."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    seen = picture.convert("RGBA")
    ground = Image.new("RGB", seen.size, "white")
    ground.paste(seen, mask=seen)
    return ground


class PhotoField(forms.FileField):
    """A file of a form that becomes a portrait: `cut`, or what is wrong with it in words."""

    def __init__(self, **kwargs):
        picker = forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"})
        super().__init__(required=False, widget=picker, **kwargs)

    def clean(self, data, initial=None):
        upload = super().clean(data, initial)
        try:
            return cut(upload) if upload else None
        except Unfit as error:
            raise forms.ValidationError(str(error)) from error
