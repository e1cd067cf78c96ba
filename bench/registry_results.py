"""The half of RESULTS.md that tells of the registry, from what `bench.registry_*` kept."""

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.registry import table

MARK = "# The registry\n"
ORDER = ("search", "pages", "import", "export", "figures", "demo")


def kept(folder: Path) -> dict[str, dict]:
    found = {name: folder / f"registry_{name}.json" for name in ORDER}
    return {name: json.loads(path.read_text()) for name, path in found.items() if path.exists()}


def misses(all_kept: dict) -> list[str]:
    return [
        f"- {kept['title']}, {line['name']}, {line['people']:,} people: {text}"
        for kept in all_kept.values()
        for line in kept["lines"]
        for text, good in line["verdicts"]
        if not good
    ]


def write(folder: Path, machine: str, commit: str) -> str:
    """Without the mark."""
    all_kept = kept(folder)
    now = datetime.now(tz=ZoneInfo("Asia/Shanghai"))
    missed = misses(all_kept)
    parts = [
        f"Written by `bench/run registry` on {now:%Y-%m-%d %H:%M} (UTC+8) at commit {commit}. Times in milliseconds.\n",
        f"Machine: {machine}.\n",
        "## Misses of the registry\n",
        "\n".join(missed) + "\n" if missed else "None.\n",
    ]
    for name, one in all_kept.items():
        people = " ".join(map(str, one["options"]["people"]))
        command = f"python -m bench.registry_{name} --people {people} --rounds {one['options']['rounds']}"
        parts.append(f"## {one['title']}\n\n`{command}`\n\n{table(one)}")
    return "\n".join(parts)
