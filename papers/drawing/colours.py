"""Colours that stay legible in print."""

import re

HOUSE = "#10314f"
WHITE_ON = 4.5  # contrast of white words on a colour (WCAG AA)


def known(colour: str) -> str:
    """The colour if it is one (#rrggbb), else the house's."""
    return colour.lower() if re.fullmatch(r"#[0-9a-fA-F]{6}", colour or "") else HOUSE


def deep(colour: str) -> str:
    """The colour, darkened until white words on it can be read."""
    red, green, blue = _parts(known(colour))
    while contrast_with_white((red, green, blue)) < WHITE_ON:
        red, green, blue = (value * 0.94 for value in (red, green, blue))
    return _written(red, green, blue)


def pale(colour: str, share: float = 0.35) -> str:
    """The colour mixed with white: `share` of it is left. Black words on it can be read."""
    return _written(*(255 - (255 - value) * share for value in _parts(known(colour))))


def contrast_with_white(parts) -> float:
    """WCAG 2.1 contrast ratio of white and a colour (0–255 each)."""
    red, green, blue = (_linear(value / 255) for value in parts)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _linear(value):
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _parts(colour):
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def _written(*parts) -> str:
    return "#" + "".join(f"{round(value):02x}" for value in parts)
