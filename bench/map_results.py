"""The part of RESULTS.md about the map: what bench.tiles and bench.frames kept (map_tiles.json, map_frames.json)."""

import json
from pathlib import Path

from bench import tiles

MARK = "# The map\n"


def written(folder: Path, machine: str, commit: str) -> str:
    """Without the mark; empty if nothing of the map was measured."""
    parts = [
        make(json.loads((folder / name).read_text()))
        for name, make in (("map_tiles.json", tile_table), ("map_frames.json", frame_table))
        if (folder / name).exists()
    ]
    if not parts:
        return ""
    return "\n\n".join([f"Written by `bench/run map` at commit {commit}.", f"Machine: {machine}.", *parts])


def tile_table(kept: dict) -> str:
    lines = [
        f"## Tiles, {kept['options']['events']:,} events\n",
        "| layer | tiles | cold ms | cold p95 ms | warm ms | warm p95 ms | CPU ms cold | kB p95 | worst | verdict |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---|---|",
    ]
    for line in kept["lines"]:
        numbers = (line[key] for key in ("cold", "cold_p95", "warm", "warm_p95", "cpu", "kilobytes_p95"))
        cells = [line["name"], str(line["tiles"]), *(f"{number:.1f}" for number in numbers), line["worst"]]
        words = f"p95 cold ≤ {tiles.COLD_MS}, warm ≤ {tiles.WARM_MS}"
        lines.append("| " + " | ".join([*cells, f"{_sign(tiles.is_good(line))} {words}"]) + " |")
    return "\n".join(lines)


def frame_table(kept: dict) -> str:
    lines = [
        f"## In the browser, {kept['options']['events']:,} events\n",
        "| figure | value | verdict |",
        "|---|---:|---|",
    ]
    for line in kept["lines"]:
        value = f"{line['value']} {line['unit']}".strip()
        lines.append(f"| {line['name']} | {value} | {_sign(line['good'])} {line['words']} |")
    return "\n".join(lines)


def _sign(good: bool) -> str:
    return "✓" if good else "**✗**"
