"""A file of all people of a county into an empty registry: `python -m bench.registry_import --people 371400 --rounds 3`.

Measured from the first byte read to the commit, with the preview's comparison in between. The floor of each round is
a bare COPY of the same buildings, dwellings, households and residents into the same tables, with their indexes,
constraints and triggers (the import writes stays and history besides). Memory is that of all processes of the import.
"""

import csv
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

from bench import data, registry, server

TABLES = ("building", "dwelling", "household", "resident")
WRITTEN = (
    *TABLES, "stay", "tenancy", "organisation", "keyplace", "visit", "carerecord", "supportrecord", "change", "access",
    "gridcount", "erasure", "importbatch",
)  # fmt: skip
SAMPLE_SECONDS = 0.05
WORDS = (
    "网格编码 小区 楼栋号 楼栋地址 总层数 单元数 单元 房号 楼层 房屋用途 建筑面积 户号 户别 姓名 与户主关系 性别 出生日期 "
    "证件类型 身份证号 联系电话 人口类别 户籍地址 人户一致 民族 文化程度 婚姻状况 政治面貌 职业 流入原因 流入地 居住证有效期"
)
HEADINGS = WORDS.split()
FIELDS = (
    "grid__code", "dwelling__building__estate", "dwelling__building__number", "dwelling__building__address",
    "dwelling__building__storeys", "dwelling__building__units", "dwelling__unit", "dwelling__door", "dwelling__storey",
    "dwelling__use", "dwelling__area", "household__number", "household__kind", "name", "relation", "sex", "birth_date",
    "id_kind", "id_number", "phone", "population", "hukou_address", "hukou_here", "ethnicity", "education", "marriage",
    "political", "occupation", "inflow_reason", "inflow_from", "permit_expires",
)  # fmt: skip


# ---- in processes of their own, with Django


def prepare(folder: Path):
    """The registry as files: one to import (csv, xlsx), and the bare rows for the floor."""
    from django.db import connection
    from openpyxl import Workbook

    from residents.models import Resident

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    with (folder / "people.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        sheet.append(HEADINGS)
        for row in Resident.objects.living().order_by("pk").values_list(*FIELDS).iterator(chunk_size=5000):
            cells = ["是" if v is True else "否" if v is False else "" if v is None else str(v) for v in row]
            writer.writerow(cells)
            sheet.append([cell or None for cell in cells])
    book.save(folder / "people.xlsx")
    for name in TABLES:
        with connection.cursor() as cursor, (folder / f"{name}.copy").open("wb") as out:
            cursor.execute(f"SELECT * FROM residents_{name} LIMIT 0")
            listed = ", ".join("NULL" if c.name == "head_id" else c.name for c in cursor.description)
            cursor.copy_expert(f"COPY (SELECT {listed} FROM residents_{name} ORDER BY id) TO STDOUT", out)


def work(path: Path):
    """Upload, read, apply; prints the seconds of each."""
    from django.core.files import File

    from accounts.models import User
    from residents.intake import service

    actor = User.objects.filter(posts__role="centre_head", posts__until=None, posts__unit__grid__level=0).first()
    if actor is None:
        actor = User.objects.filter(posts__role="operator", posts__until=None, posts__unit__grid__level=0).first()
    with path.open("rb") as file:
        batch = service.upload(actor=actor, kind="people", file=File(file, name=path.name))
    began = time.perf_counter()
    service.read(batch.pk)
    read = time.perf_counter()
    batch.refresh_from_db()
    service.confirm(actor=actor, batch_id=batch.pk, without_wrong=True)
    confirmed = time.perf_counter()
    status = service.apply(batch.pk)
    done = time.perf_counter()
    batch.refresh_from_db()
    if status != "applied":
        raise RuntimeError(f"{status} {batch.problem}")
    print(json.dumps({"read": read - began, "apply": done - confirmed, "counts": batch.counts}))


def reading(path: Path):
    """What openpyxl itself needs for all cells."""
    from openpyxl import load_workbook

    began = time.perf_counter()
    book = load_workbook(path, read_only=True, data_only=True)
    for _row in book.worksheets[0].iter_rows(values_only=True):
        pass
    print(json.dumps({"seconds": time.perf_counter() - began}))


# ---- here


def child(database, folder, *arguments) -> tuple[dict, float]:
    """(what it printed last, the most megabytes of it and all below it)."""
    command = [sys.executable, "-m", "bench.registry_import", *map(str, arguments)]
    process = subprocess.Popen(
        command, cwd=registry.ROOT, env=registry.environment(database, str(folder)), stdout=subprocess.PIPE, text=True
    )
    most, over = [0.0], threading.Event()

    def watch():
        while not over.wait(SAMPLE_SECONDS):
            most[0] = max(most[0], memory(process.pid))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    out, _none = process.communicate()
    over.set()
    watcher.join()
    if process.returncode:
        raise RuntimeError(f"{arguments} failed")
    return json.loads(out.strip().splitlines()[-1]) if out.strip() else {}, most[0]


def memory(pid: int) -> float:
    """Proportional megabytes of a process and all below it: pages they share count once."""
    parents, found = server._parents(), [pid]
    for one in found:
        found += [other for other, parent in parents.items() if parent == one]
    return sum(map(server._resident, found))


def empty(database):
    data.run(database, f"TRUNCATE {', '.join(f'residents_{name}' for name in WRITTEN)}")
    data.run(database, "VACUUM (ANALYZE)")
    data.run(database, "CHECKPOINT")


def floor(database, folder) -> float:
    empty(database)
    with closing(data.connect(database)) as link, link.cursor() as cursor:
        link.autocommit = False
        began = time.perf_counter()
        for name in TABLES:
            with (folder / f"{name}.copy").open("rb") as rows:
                cursor.copy_expert(f"COPY residents_{name} FROM STDIN", rows, size=1 << 20)
        link.commit()
        return time.perf_counter() - began


def measured(run, people):
    with registry.database(people, fresh=True) as name, tempfile.TemporaryDirectory(prefix="bench-") as made:
        folder = Path(made)
        child(name, folder, "prepare", folder)
        floors, found = [], {"csv": [], "xlsx": []}
        for number in range(run.options.rounds):
            floors.append(floor(name, folder))
            for kind in ("csv", "xlsx") if number == 0 else ("csv",):
                empty(name)
                found[kind].append(child(name, folder, "work", folder / f"people.{kind}"))
                print(kind, found[kind][-1], "floor", floors[-1], file=sys.stderr)
        bare, _mb = child(name, folder, "reading", folder / "people.xlsx")
        lines(run, people, floors, found, bare["seconds"])


def lines(run, people, floors, found, bare):
    seconds = {kind: [one["read"] + one["apply"] for one, _mb in rounds] for kind, rounds in found.items()}
    for kind, rounds in found.items():
        line = run.line(f"import {kind}", people, [registry.Timing(s) for s in seconds[kind]])
        line.beside(statistics.median(floors) * 1000)
        line.facts = {
            "read s": round(statistics.median(one["read"] for one, _mb in rounds), 1),
            "apply s": round(statistics.median(one["apply"] for one, _mb in rounds), 1),
            "rows": rounds[0][0]["counts"]["rows"],
        }
        line.ask("MB of memory", max(mb for _one, mb in rounds), 600)
    csv_line, xlsx_line = run.lines[-2:]
    pairs = [s / f for s, f in zip(seconds["csv"], floors, strict=True)]
    csv_line.ask("× a bare COPY", statistics.median(pairs), 8)
    csv_s = statistics.median(seconds["csv"])
    xlsx_line.facts["openpyxl alone s"] = round(bare, 1)
    xlsx_line.ask("s", statistics.median(seconds["xlsx"]), 2.5 * csv_s + bare)


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in ("prepare", "work", "reading"):
        import django

        django.setup()
        {"prepare": prepare, "work": work, "reading": reading}[sys.argv[1]](Path(sys.argv[2]))
    else:
        asked = registry.Run("import", "A file of all people into an empty registry", sizes=(371_400,), rounds=3)
        for size in asked.sizes:
            measured(asked, size)
        asked.finish()
