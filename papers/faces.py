"""Photos of people on papers: each read and checked whole before its page is laid out, which knows them by address."""

import io
import logging

from PIL import Image

from accounts.models import Portrait
from papers import SCHEME

log = logging.getLogger(__name__)
CARD = (300, 420)  # pixels: 300 dots per inch at 25 × 35 mm
SIGN = (500, 700)


class Faces:
    """The photos of one paper, at most so large."""

    def __init__(self, pixels: tuple[int, int]):
        self._pixels, self._made = pixels, {}
        self._storage = Portrait._meta.get_field("file").storage

    def address(self, file: str | None) -> str:
        """What stands for it in the page; empty where there is none, or none that can be printed."""
        name = (file or "").rpartition("/")[2]
        if name and name not in self._made:
            self._made[name] = self._read(file)
        return f"{SCHEME}{name}" if self._made.get(name) else ""

    def picture(self, name: str) -> bytes:
        return self._made[name]

    def _read(self, file) -> bytes:
        try:
            with self._storage.open(file) as stored, Image.open(stored, formats=["JPEG"]) as image:
                image.load()  # half a picture is none
                image.thumbnail(self._pixels)
                out = io.BytesIO()
                image.convert("RGB").save(out, "JPEG", quality=88)
                return out.getvalue()
        except (OSError, ValueError, SyntaxError):
            log.warning("a photo cannot be read and is left out: %s", file)
            return b""
