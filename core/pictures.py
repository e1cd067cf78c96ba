"""Pictures as people send them: known by their content, HEIC (what an iPhone takes) like the others."""

import struct

from PIL import Image
from pillow_heif import register_heif_opener

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
# What Pillow has been seen to raise for files and EXIF that are cut off or invented.
BROKEN = (
    SyntaxError, ValueError, TypeError, KeyError, IndexError, OverflowError, EOFError, RuntimeError, struct.error, OSError,
)  # fmt: skip

# One thread: a picture must not take the cores of a machine that serves others. The picture alone, not its depth map.
register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)


def open_picture(file) -> Image.Image:
    """An opened picture of one of FORMATS. Raises one of BROKEN, or Image.DecompressionBombError."""
    return Image.open(file, formats=FORMATS)
