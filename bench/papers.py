"""Each kind of paper at Liling's size: `python -m bench.papers --rounds 1 --json FILE`.

Liling is loaded whole into a database of its own (two months of events, 20,000 people); each paper is made by the job's
own function in a fresh process, as by a worker that has just begun. Seconds of the processor and by the clock, the
most memory the process held, and its pages.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from bench import data, registry

TARGET = f"{data.BASE}_papers"
TITLE = "Papers at Liling's size"
MARK = "# Papers\n"
# name: options; CPU seconds and MB at most
PAPERS = {
    "one sign A3": ("sign", {"below": "no", "size": "A3", "turn": "portrait"}, 4, 4, 400),
    "signs of a village A2": ("sign", {"below": "yes", "size": "A2", "turn": "landscape"}, 3, 10, 500),
    "contact cards of a town": ("cards", {"on_sheet": "10"}, 2, 15, 600),
    "wall map of a village A3": ("wall", {"size": "A3", "turn": "landscape", "buildings": True}, 3, 6, 500),
    "wall map of a town A0": ("wall", {"size": "A0", "turn": "portrait", "buildings": True}, 2, 10, 600),
    "case file": ("case", {}, None, 8, 600),
    "daily report": ("report", {"span": "day"}, 0, 20, 700),
    "weekly analysis": ("report", {"span": "week"}, 0, 20, 700),
    "monthly analysis": ("report", {"span": "month"}, 0, 25, 700),
}


def work(name: str):
    """One paper; its figures as JSON on the last line."""
    import resource
    import time

    os.environ.setdefault("PUBLIC_URL", "https://wg.example.cn")
    registry.enter(TARGET)
    from django.utils import timezone, translation

    from accounts.models import User
    from events.models import Event
    from grids.models import Post
    from papers import job, services
    from papers.models import Paper
    from papers.team import USUAL, duties_of

    kind, options, level, *_limits = PAPERS[name]
    translation.activate("zh-hans")
    head = Post.objects.filter(role__in=("centre_head", "operator"), unit__grid__level=0).order_by("pk")[0]
    options = dict(options)
    if level is not None:
        options["grid"] = Post.objects.filter(role="worker_full").order_by("pk")[0].grid.ancestor_ids[level]
    if kind == "sign":
        options |= {"roles": list(USUAL), "duties": duties_of()}
    if kind == "report":
        options["day"] = timezone.localdate().isoformat()
    if kind == "case":
        options["event"] = Event.objects.order_by("-head_seq", "pk")[0].pk
    paper = services.ask(actor=User.objects.get(pk=head.user_id), kind=kind, options=options)
    began, clock = time.process_time(), time.perf_counter()
    job.make(paper.pk)
    figures = {"cpu": time.process_time() - began, "seconds": time.perf_counter() - clock}
    paper = Paper.objects.get(pk=paper.pk)
    if paper.status != "ready":
        raise RuntimeError(f"{name}: {paper.problem}")
    figures["mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures["pages"], figures["kb"] = paper.pages, paper.file.size / 1024
    services.discard(actor=User.objects.get(pk=head.user_id), paper_id=paper.pk)
    print(json.dumps(figures))


def measured(name: str) -> dict:
    command = [sys.executable, "-m", "bench.papers", "work", name]
    done = subprocess.run(command, cwd=registry.ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name}:\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def line(name: str, rounds: list[dict]) -> dict:
    *_made, seconds, mb = PAPERS[name]
    found = {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
    good = found["cpu"] <= seconds and found["mb"] <= mb
    return {"name": name, **found, "asked": f"≤ {seconds} s, ≤ {mb} MB", "good": good}


def table(kept: dict) -> str:
    rows = ["| paper | pages | CPU s | by the clock s | most MB | file kB | asked |", "|---|---:|---:|---:|---:|---:|---|"]
    for one in kept["lines"]:
        rows.append(
            f"| {one['name']} | {one['pages']:.0f} | {one['cpu']:.1f} | {one['seconds']:.1f} | {one['mb']:.0f} | "
            f"{one['kb']:.0f} | {'✓' if one['good'] else '**✗**'} {one['asked']} |"
        )
    return "\n".join(rows) + "\n"


def written(folder: Path, machine: str, commit: str) -> str:
    """The part of RESULTS.md, empty if it was not measured."""
    path = folder / "papers.json"
    if not path.exists():
        return ""
    kept = json.loads(path.read_text())
    head = f"Written by `bench/run papers` at commit {commit}: `python -m bench.papers --rounds {kept['rounds']}`.\n"
    return f"{head}\nMachine: {machine}.\n\n{table(kept)}"


def main():
    reader = argparse.ArgumentParser(description=TITLE)
    reader.add_argument("--rounds", type=int, default=1)
    reader.add_argument("--json", type=Path)
    options = reader.parse_args()
    data.drop(TARGET)
    data.run("postgres", f'CREATE DATABASE "{TARGET}"')
    try:
        registry.manage(TARGET, "migrate", "-v0")
        registry.manage(TARGET, "demo_county", "liling", "--i-know-this-is-synthetic", "-v0")
        data.run(TARGET, "ANALYZE")
        lines = [line(name, [measured(name) for _n in range(options.rounds)]) for name in PAPERS]
    finally:
        data.drop(TARGET)
    kept = {"title": TITLE, "rounds": options.rounds, "lines": lines}
    print(table(kept))
    if options.json:
        options.json.write_text(json.dumps(kept, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    if sys.argv[1:2] == ["work"]:
        work(sys.argv[2])
    else:
        main()
