"""The id of a request: taken when it is short and plain, and told by the tasks that it has sent."""

import re
import subprocess
import sys

import pytest

from core.request_ids import PLAIN
from tests.processes import ROOT, until
from tests.test_failures import house, redis, scene  # noqa: F401

FRESH = re.compile("[0-9a-f]{32}")


@pytest.mark.parametrize("given", ["a", "0f8e-4a.B_c", "x" * 64])
def test_a_plain_id_comes_back(client, given):
    assert client.get("/healthz", headers={"X-Request-ID": given})["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "x" * 9000, "a b", "a;b", "编号", "a\n"])
def test_any_other_is_replaced(client, given):
    assert FRESH.fullmatch(client.get("/healthz", headers={"X-Request-ID": given})["X-Request-ID"])


def test_a_request_without_one_gets_one(client):
    assert FRESH.fullmatch(client.get("/healthz")["X-Request-ID"])


def test_nginx_takes_the_same_ids():
    told = (ROOT / "deploy" / "nginx.conf").read_text()
    assert re.search(r'"~\^(\S+)\$" \$http_x_request_id;', told)[1] == PLAIN.pattern


@pytest.mark.slow
def test_the_lines_of_a_task_name_the_request_that_has_sent_it(house):  # noqa: F811
    house.worker()
    send = "import django; django.setup(); from django_guid import set_guid; set_guid({!r}); "
    send += "from gridcenter.celery import app; app.send_task('papers.tasks.sweep_papers')"
    for guid in ("asked-in-the-browser", None):  # None: as the schedule sends
        command = [sys.executable, "-c", send.format(guid)]
        env = house.environment | {"DJANGO_SETTINGS_MODULE": "gridcenter.settings"}
        subprocess.run(command, cwd=ROOT, env=env, check=True)
    ended = re.compile(r"celery\.app\.trace \[(\S+)\] Task papers\.tasks\.sweep_papers\[\S+\] succeeded")
    until(lambda: len(ended.findall(house.said("worker.log"))) == 2, what="both tasks")
    first, second = ended.findall(house.said("worker.log"))
    assert first == "asked-in-the-browser"
    assert FRESH.fullmatch(second)
