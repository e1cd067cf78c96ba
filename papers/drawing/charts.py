"""Charts as SVG, drawn on the server: bars, lines. Lengths in mm; words are text, so that they can be searched."""

from math import ceil, floor, log10

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from papers.drawing.labels import width_of

FONT = 'font-family="Noto Sans CJK SC"'
INK, QUIET, RULE = "#14263a", "#66778a", "#d5dde5"
NOW, BEFORE = "#0f5ea8", "#a9b8c6"
SMALL = 2.9  # mm: height of words


def ticks(most: float, about: int = 4) -> list[int]:
    """Round whole numbers from 0 to at least `most`, about so many steps."""
    if most <= 0:
        return [0, 1]
    power = 10 ** floor(log10(max(most / about, 1)))
    step = next(power * unit for unit in (1, 2, 5, 10) if power * unit * about >= most)
    return [int(step * at) for at in range(ceil(most / step) + 1)]


def _text(x, y, words, anchor="start", colour=INK, size=SMALL, weight=400) -> str:
    return (
        f'<text x="{x:.2f}" y="{y:.2f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" '
        f'font-weight="{weight}" {FONT}>{escape(words)}</text>'
    )


def _svg(width, height, parts) -> SafeString:
    body = "".join(parts)
    return mark_safe(  # numbers, and words escaped by _text
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'style="width:{width}mm;height:{height}mm;display:block">{body}</svg>'
    )


def bars(rows, width: float = 174.0, row: float = 6.2) -> SafeString:
    """Horizontal bars: rows are (name, value, value before or None); the one before stands thin below. Empty: nothing."""
    rows = list(rows)
    if not rows:
        return SafeString("")
    left = min(width * 0.36, max(width_of(name) for name, *_rest in rows) * SMALL + 3)
    right = 3 + max(len(f"{value:,}") for _name, value, *_rest in rows) * SMALL * 0.62
    most = max(max(value, before or 0) for _name, value, before in rows) or 1
    unit = (width - left - right) / most
    parts = []
    for at, (name, value, before) in enumerate(rows):
        y = at * row
        parts.append(_text(left - 2, y + row * 0.5 + SMALL * 0.3, name, "end"))
        parts.append(f'<path d="M{left:.2f} {y + 0.9:.2f}h{value * unit:.2f}v2.9h-{value * unit:.2f}z" fill="{NOW}"/>')
        if before is not None:
            long = before * unit
            parts.append(f'<path d="M{left:.2f} {y + 4.1:.2f}h{long:.2f}v1.1h-{long:.2f}z" fill="{BEFORE}"/>')
        parts.append(_text(left + value * unit + 1.2, y + 0.9 + 2.5, f"{value:,}"))
    parts.append(f'<path d="M{left:.2f} 0V{len(rows) * row:.2f}" stroke="{QUIET}" stroke-width=".2"/>')
    return _svg(width, round(len(rows) * row + 0.5, 2), parts)


def lines(names, series, width: float = 174.0, height: float = 58.0) -> SafeString:
    """Lines over time: `names` of the points; series are (name, values, colour, dashed). Values may end early."""
    left, bottom, top = 11.0, height - 6.5, 7.0
    scale = ticks(max((value for _name, values, *_rest in series for value in values), default=0))
    wide = max(map(width_of, names), default=0) * SMALL
    step = (width - left - max(3, wide / 2)) / max(len(names) - 1, 1)  # the last name is as whole as the others
    unit = (bottom - top) / scale[-1]
    parts = []
    for tick in scale:
        y = bottom - tick * unit
        parts.append(f'<path d="M{left} {y:.2f}H{width}" stroke="{RULE}" stroke-width=".2"/>')
        parts.append(_text(left - 1.5, y + 1, f"{tick:,}", "end", QUIET))
    every = max(1, ceil(len(names) * wide * 1.25 / (width - left)))
    for at in range(0, len(names), every):
        parts.append(_text(left + at * step, height - 1.8, names[at], "middle", QUIET))
    for _name, values, colour, dashed in reversed(series):
        parts.append(_line([(left + at * step, bottom - value * unit) for at, value in enumerate(values)], colour, dashed))
    x = left
    for name, _values, colour, dashed in series:
        parts.append(_line([(x, 2.4), (x + 8, 2.4)], colour, dashed))
        parts.append(_text(x + 9.5, 3.4, name))
        x += 14 + width_of(name) * SMALL
    return _svg(width, height, parts)


def _line(points, colour, dashed) -> str:
    if not points:
        return ""
    path = "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points)
    dash = ' stroke-dasharray="1.6 1.2"' if dashed else ""
    dots = "" if dashed or len(points) > 40 else "".join(
        f'<circle cx="{x:.2f}" cy="{y:.2f}" r=".7" fill="{colour}"/>' for x, y in points
    )  # fmt: skip
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width=".6" stroke-linejoin="round"{dash}/>{dots}'
