"""Writes RESULTS.md from the figures that the scripts kept: `python -m bench.results FOLDER`."""

import json
import os
import platform
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bench import data, map_results, papers, registry_results

HERE = Path(__file__).resolve().parent
BIG = 100_000
SAME_LENGTH = 1.25  # longer answers than with fewer events: the growth is that of the page and is told, not judged
MOST_GROWTH = 1.3  # of p95, from the smaller database to the larger one
MOST_MEDIAN_MS = 150
MOST_SCREEN_MS = 50  # p95 of the whole screen's data, at a million events
EXPORT_SECONDS, EXPORT_GROWTH_MB = 10, 32

# script → (least ratio to its floor, most queries)
TARGETS = {
    "report": (0.35, 12),
    "step": (0.25, 12),
    "lists": (0.4, 6),
    "detail": (None, 10),
    "points": (None, 3),
}
ORDER = ("report", "step", "contended", "lists", "detail", "points", "counts", "figures", "export", "memory", "screen_live")
TITLES = {
    "report": "Report an event", "step": "Take a step", "contended": "Four people press the same button at once",
    "lists": "Lists with filters, 20 and 100 rows", "detail": "One event with all that belongs to it",
    "points": "All open events as map points", "counts": "Counts beside the worklists",
    "figures": "The wall screen's figures", "export": "Export of all events as CSV", "memory": "Memory of a worker",
    "screen_live": "A thousand wall screens on one worker",
}  # fmt: skip
# What the issue says of the nearest open system (Django, DRF, PostGIS) on such a machine.
REFERENCE = """
| figure | nearest open system | here |
|---|---|---|
| report | 47 queries, 143 ms of server CPU, 13/s | {report} |
| step | 41 queries, 15/s; four people on one case: HTTP 500 in a quarter of the tries | {step} |
| filtered list of 20 at 100,000 | 127 queries, 2/s | {list20} |
| list of 100 | 560 queries | {list100} |
| detail | 17 queries, 19/s | {detail} |
"""


def verdicts(script: str, f: dict, figures: list[dict]) -> list[tuple[str, bool]]:
    """(what was asked and found, whether it holds) for one line."""
    found = []
    ratio, queries = TARGETS.get(script, (None, None))
    if ratio and f["ratio"] is not None:
        found.append((f"ratio {f['ratio']:.2f} (asked: ≥ {ratio})", f["ratio"] >= ratio))
    if queries and f["queries"] is not None and not f["name"].startswith("floor"):
        found.append((f"{f['queries']} queries (≤ {queries})", f["queries"] <= queries))
    if f["failures"]:
        found.append((f"{f['failures']} unexpected answers", False))
    if script == "lists" and f["events"] == BIG and f["ratio"] is not None:
        small = next((g for g in figures if g["name"] == f["name"] and g["events"] < BIG), None)
        if small and f["kilobytes"] <= SAME_LENGTH * small["kilobytes"]:
            growth = f["p95"] / small["p95"]
            found.append((f"p95 grows {growth:.2f}-fold (≤ {MOST_GROWTH})", growth <= MOST_GROWTH))
    if script == "points" and "one client" in f["name"]:
        found.append((f"median {f['median']:.0f} ms (≤ {MOST_MEDIAN_MS})", f["median"] <= MOST_MEDIAN_MS))
    if script == "figures" and f["name"].startswith("whole screen"):
        found.append((f"p95 {f['p95']:.0f} ms (≤ {MOST_SCREEN_MS})", f["p95"] <= MOST_SCREEN_MS))
    if script == "screen_live":
        slowest = f["facts"]["answer_anew_p95_ms"]
        found.append((f"figures read anew and answered: p95 {slowest} ms (≤ {MOST_SCREEN_MS})", slowest <= MOST_SCREEN_MS))
        for kind in ("told", "burst_told"):
            delivered, slowest = f["facts"][f"{kind}_delivered"], f["facts"][f"{kind}_p99_ms"]
            got, _slash, wanted = delivered.partition("/")
            found.append((f"{kind}: {delivered} delivered, p99 {slowest} ms (≤ 1500)", got == wanted and slowest <= 1500))
        snapshots, intervals = f["facts"]["snapshots_read"], f["facts"]["intervals_with_changes"]
        found.append((f"{snapshots} readings of figures in {intervals} intervals", snapshots <= intervals + 10))
    if script == "contended":
        found.append(("one wins, three get 409, no 5xx", not f["failures"] and not f["faults"]))
    if script == "export" and f["events"] == BIG:
        growth = f["facts"]["rss_growth_mb"]
        found.append(
            (f"{f['median'] / 1000:.1f} s (≤ {EXPORT_SECONDS})", f["median"] <= EXPORT_SECONDS * 1000)
        )
        found.append((f"workers grow by {growth} MB (≤ {EXPORT_GROWTH_MB})", growth <= EXPORT_GROWTH_MB))
    return found


def _longer(script, f, figures) -> list[str]:
    """What is said of a list whose page was not full in the smaller database."""
    small = next((g for g in figures if g["name"] == f["name"] and g["events"] < f["events"]), None)
    if script != "lists" or f["ratio"] is None or not small or f["kilobytes"] <= SAME_LENGTH * small["kilobytes"]:
        return []
    times = f["kilobytes"] / small["kilobytes"]
    return [f"p95 grows {f['p95'] / small['p95']:.2f}-fold with a page {times:.1f} times as long"]


def table(script: str, kept: dict) -> str:
    lines = [
        "| figure | events | requests/s | median ms | p95 ms | server CPU ms | PostgreSQL CPU ms | SQL | ratio | verdict |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    figures = kept["figures"]
    for f in figures:
        words = [f"{'✓' if good else '**✗**'} {text}" for text, good in verdicts(script, f, figures)]
        words += [*_longer(script, f, figures), *(f"{key.replace('_', ' ')} {value}" for key, value in f["facts"].items())]
        cells = [
            f["name"], f"{f['events']:,}", _number(f["rate"]), _number(f["median"]), _number(f["p95"]),
            _number(f["cpu"], 2), _number(f["postgres"], 2), "" if f["queries"] is None else str(f["queries"]),
            "" if f["ratio"] is None else f"{f['ratio']:.2f}", "; ".join(words),
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    o = kept["options"]
    sizes = " ".join(map(str, o["events"]))
    command = f"python -m bench.{script} --events {sizes} --seconds {o['seconds']:g} --rounds {o['rounds']}"
    return f"## {TITLES[script]}\n\n`{command}`\n\n" + "\n".join(lines) + "\n"


def _number(value, digits=1) -> str:
    return f"{value:,.{digits}f}" if value else ""


def misses(all_kept: dict) -> list[str]:
    return [
        f"- {TITLES[script]}, {f['name']}, {f['events']:,} events: {text}"
        for script, kept in all_kept.items()
        for f in kept["figures"]
        for text, good in verdicts(script, f, kept["figures"])
        if not good
    ]


def reference(all_kept: dict) -> str:
    def line(script, name):
        found = (
            f
            for f in all_kept.get(script, {"figures": []})["figures"]
            if f["name"] == name and f["events"] == BIG
        )
        f = next(found, None)
        if f is None:
            return "not measured"
        return f"{f['queries']} queries, {f['cpu'] + f['postgres']:.1f} ms of CPU with PostgreSQL's, {f['rate']:.0f}/s"

    return REFERENCE.format(
        report=line("report", "report"), step=line("step", "step"), list20=line("lists", "20 finished"),
        list100=line("lists", "100 finished"), detail=line("detail", "detail"),
    )  # fmt: skip


def machine() -> str:
    """Processor, memory, versions, and how busy the machine was."""
    info = dict(line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line)
    model = next(
        (value.strip() for key, value in info.items() if key.strip() == "model name"), platform.machine()
    )
    kilobytes = int(Path("/proc/meminfo").read_text().split()[1])
    version = data.run("postgres", "SELECT split_part(version(), ' ', 2)")[0][0]
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{os.cpu_count()} cores ({model}), {kilobytes / 2**20:.0f} GB, Python {platform.python_version()}, PostgreSQL "
        f"{version}; load average at the end of the run {load}"
    )


def commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def write(folder: Path, machine: str, commit: str) -> str:
    all_kept = {
        script: json.loads((folder / f"{script}.json").read_text())
        for script in ORDER
        if (folder / f"{script}.json").exists()
    }
    now = datetime.now(tz=ZoneInfo("Asia/Shanghai"))
    missed = misses(all_kept)
    parts = [
        "# Results\n",
        f"Written by `bench/run` on {now:%Y-%m-%d %H:%M} (UTC+8) at commit {commit}. How to read it: bench/README.md.\n",
        f"Machine: {machine}.\n",
        "## Misses\n",
        "\n".join(missed) + "\n" if missed else "None.\n",
        "## Beside the nearest open system\n",
        "Its figures are those of the project's issue 2, on such a machine; ours are of this run at 100,000 events.",
        reference(all_kept),
        *(table(script, kept) for script, kept in all_kept.items()),
    ]
    return "\n".join(parts)


def whole(folder: Path, before: str, machine: str, commit: str) -> str:
    """RESULTS.md with the parts (events, registry, papers, map) that were measured; the others stay as they were."""
    before, _mark, drawn = before.partition(map_results.MARK)
    before, _mark, printed = before.partition(papers.MARK)
    events, _mark, registry = before.partition(registry_results.MARK)
    if (folder / f"{ORDER[0]}.json").exists():  # the screens alone are printed: nothing else of this half would stand
        events = write(folder, machine, commit)
    if registry_results.kept(folder):
        registry = "\n" + registry_results.write(folder, machine, commit)
    if made := papers.written(folder, machine, commit):
        printed = "\n" + made
    if made := map_results.written(folder, machine, commit):
        drawn = "\n" + made
    parts = [
        events.rstrip(),
        f"{registry_results.MARK}{registry.rstrip()}" if registry else "",
        f"{papers.MARK}{printed.rstrip()}" if printed else "",
        f"{map_results.MARK}{drawn.rstrip()}" if drawn else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


if __name__ == "__main__":
    target = HERE / "RESULTS.md"
    target.write_text(
        whole(Path(sys.argv[1]), target.read_text() if target.exists() else "", machine(), commit())
    )
