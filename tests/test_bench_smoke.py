"""The bench runs: one script, 200 events, two seconds. That its figures are good is said in bench/RESULTS.md."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from bench import registry_results, results
from tests.emptying import without_triggers
from tests.processes import REDIS

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def bench_server(template, django_db_blocker):
    """The server of the test database, if bench databases may be made there; they are dropped afterwards."""
    if connection.vendor != "postgresql":
        pytest.skip("The bench measures PostgreSQL.")
    with django_db_blocker.unblock():
        if not without_triggers():
            pytest.skip("Bench databases are made by a role that may skip triggers.")
    server = settings.DATABASE_URL.rpartition("/")[0] + "/"
    env = {**os.environ, "BENCH_POSTGRES": server, "BENCH_BASE": f"gridcenter_bench_smoke{os.getpid()}"}
    env["BENCH_TEMPLATE"] = template
    env.pop("GRIDCENTER_MODE", None)
    yield env
    code = "from bench import data\nfor name in data.all_names(): data.drop(name)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, check=True, timeout=60)


@pytest.fixture
def bench_environment(db, bench_server):
    return bench_server


@pytest.mark.slow
@pytest.mark.postgres
def test_a_report_is_measured_beside_its_floor(bench_environment, tmp_path):
    out = tmp_path / "report.json"
    command = [
        sys.executable, "-m", "bench.report", "--events", "200", "--seconds", "1", "--rounds", "1", "--json", str(out)
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=ROOT, env=bench_environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    floor, report = json.loads(out.read_text())["figures"]
    assert (floor["name"], floor["statuses"].keys(), floor["queries"]) == ("floor", {"201"}, 1)
    assert (report["name"], report["events"], report["statuses"].keys()) == ("report", 200, {"201"})
    assert report["failures"] == 0
    assert 1 < report["queries"] <= 12
    assert report["ratio"] > 0


@pytest.mark.slow
@pytest.mark.postgres
def test_figures_of_a_registry_are_measured_on_a_database_of_exactly_so_many_people(
    bench_environment, tmp_path
):
    out = tmp_path / "registry_figures.json"
    command = [
        sys.executable, "-m", "bench.registry_figures", "--people", "2000", "--rounds", "2", "--json", str(out)
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=ROOT, env=bench_environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = {line["name"]: line for line in json.loads(out.read_text())["lines"]}
    counted = lines["count from nothing, compare"]
    assert (counted["people"], counted["queries"] > 0, counted["floor"] > 0) == (2000, True, True)
    assert next(what for what, _good in counted["verdicts"]).startswith("p95 ")

    kept = registry_results.write(tmp_path, "a machine", "abc1234")
    assert "at commit abc1234" in kept
    assert "| count from nothing, compare | 2,000 |" in kept


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.skipif(REDIS is None, reason="needs redis-server")
def test_figures_are_right_after_a_storm_in_which_redis_dies(bench_environment, tmp_path):
    out = tmp_path / "storm.json"
    command = [
        sys.executable, "-m", "bench.storm", "--steps", "150", "--events", "200", "--people", "4", "--json", str(out)
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=ROOT, env=bench_environment, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(out.read_text())
    assert told["wrong"] == [] and told["compared"] > 50
    assert told["steps"] >= 150 and len(told["taken"]) > 8 and told["without Redis"] > 10


def test_half_of_the_results_leaves_the_other_half_as_it_was(tmp_path):
    line = {"name": "ID number", "people": 2000, "median": 1.0, "p95": 31.0, "database_p95": 31.0, "queries": 2,
            "floor": None, "ratio": None, "facts": {}, "verdicts": [["p95 31 ms (≤ 30)", False]]}  # fmt: skip
    kept = {"title": "Search", "options": {"people": [2000], "rounds": 1}, "lines": [line]}
    (tmp_path / "registry_search.json").write_text(json.dumps(kept))
    before = f"# Results\n\nof events\n\n{registry_results.MARK}\nof last week\n"
    after = results.whole(tmp_path, before, "a machine", "abc1234")
    assert after.startswith(f"# Results\n\nof events\n\n{registry_results.MARK}\nWritten by")
    assert "- Search, ID number, 2,000 people: p95 31 ms (≤ 30)" in after
    assert "of last week" not in after
    assert results.whole(tmp_path / "nothing", after, "another", "def5678") == after
