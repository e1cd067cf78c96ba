"""Every example of docs/api.md, run in its order against the small county: the guide cannot lie."""

import io
import json
import re
import shlex
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone, translation
from knox.models import AuthToken
from PIL import Image

from evaluation import services as scoring
from events import standards
from events.filters import EventFilterSet
from events.models import CaseCounter
from exchange.services import issue_key
from residents.services import grants
from tests.factories import PASSWORD, County
from tests.residents.factories import HouseholdFactory, ResidentFactory
from tests.scores import LATER, MONTH, OCTOBER, busy_october

GUIDE = settings.BASE_DIR / "docs" / "api.md"
FENCE = re.compile(r"^```(\w+)(?: ([^\n]*))?\n(.*?)^```$", re.M | re.S)
ANYTHING = "…"


@dataclass
class Example:
    """One curl command with the answer the guide promises, and the values later examples take from it."""

    command: str
    kind: str = ""
    status: int = 0
    takes: dict = field(default_factory=dict)
    answer: str = ""


def examples(text):
    found = []
    for kind, about, body in FENCE.findall(text):
        if kind == "sh":
            assert not found or found[-1].status, f"no answer stands below:\n{found[-1].command}"
            found.append(Example(body))
        elif about:
            status, *takes = about.split()
            last = found[-1]
            last.kind, last.status, last.answer = kind, int(status), body
            last.takes = dict(one.split("=") for one in takes)
    return found


def filled(text, values):
    return re.sub(r"\$([A-Z]+)", lambda name: str(values[name[1]]), text)


def picture():
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "#a62").save(out, "JPEG")
    return out.getvalue()


def run(command, values):
    """A curl command by Django's test client."""
    words = iter(shlex.split(filled(command.replace("\\\n", " "), values))[1:])
    method, url, headers, data, query, form = "GET", "", {}, None, {}, {}
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _colon, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            data = next(words)
        elif word == "-F":
            name, _equals, value = next(words).partition("=")
            form[name] = SimpleUploadedFile(value[1:], picture()) if value.startswith("@") else value
        elif word == "--data-urlencode":
            name, _equals, value = next(words).partition("=")
            query[name] = value
        elif word != "-G":
            url = word.removeprefix(values["HOST"])
    client = Client()
    if method == "GET":
        return client.get(url, query, headers=headers)
    if form:
        return client.post(url, form, headers=headers)
    return client.post(url, data or "", content_type=headers.pop("Content-Type", "application/json"), headers=headers)


def promised(expected, got, where="answer"):
    """Everything the guide shows is there; it may show less than there is, of lists only the beginning."""
    if expected == ANYTHING:
        return
    if isinstance(expected, dict):
        for key, value in expected.items():
            assert key in got, f"{where}.{key} is missing"
            promised(value, got[key], f"{where}.{key}")
    elif isinstance(expected, list):
        assert len(got) >= len(expected) and (expected or not got), f"{where}: {got}"
        for number, value in enumerate(expected):
            promised(value, got[number], f"{where}.{number}")
    else:
        assert str(expected) == str(got), f"{where}: {expected!r} in the guide, {got!r} here"


def pick(answer, path):
    for part in path.split("."):
        answer = answer[int(part)] if part.isdigit() else answer[part]
    return answer


def granted(county):
    """One person, and what the bureau's system may know of everybody; {name in the guide: value}."""
    home = HouseholdFactory(dwelling__building__grid=county.west.grids[0])
    person = ResidentFactory(household=home, name="刘珍珍", phone="13812345678")
    today = timezone.localdate()
    grants.grant(
        actor=county.person("district_admin", grid=county.root), unit=county.urban,
        fields=["name", "id_number_masked", "phone", "address"], purpose="高龄津贴发放核对",
        legal_basis="老年人权益保障法第三十三条", since=today, until=today + timedelta(days=365),
    )  # fmt: skip
    return {"NUMBER": person.id_number, "WHO": person.pk, "PLACE": county.west.village.pk}


@pytest.fixture
def values(transactional_db):
    """The people and things the guide speaks of. Committed, because the feed shows nothing else."""
    county = County()
    one = county.standard
    one.search_text = standards.search_text(
        code=one.code, minor_name=one.minor_name, major_name=one.major_name, condition=one.condition
    )
    one.save()
    busy_october(county)
    CaseCounter.objects.create(territory="430281", year=timezone.localdate().year, last=1000)  # those have numbers
    scoring.publish(period_id=scoring.score(MONTH, OCTOBER, LATER).pk, actor=None)
    yesterday = timezone.now().replace(second=0, microsecond=0) - timedelta(days=1)
    return {
        "MORNING": yesterday.isoformat(), "NOON": (yesterday + timedelta(hours=1)).isoformat(),
        "HOST": "http://testserver", "WORKER": county.worker.username, "PASSWORD": PASSWORD,
        "OPERATOR": AuthToken.objects.create(user=county.operator)[1], "KEY": issue_key(unit=county.urban)[1],
        **granted(county),
    }  # fmt: skip


def test_every_example_of_the_guide(values):
    text = Path(GUIDE).read_text(encoding="utf-8")
    found = examples(text)
    assert len(found) == len(re.findall(r"^curl ", text, re.M)) > 30
    with translation.override("zh-hans"):
        for example in found:
            answer = run(example.command, values)
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            assert answer.status_code == example.status, f"{example.command}\n{body.decode(errors='replace')}"
            if example.kind == "json":
                got = json.loads(body)
                promised(json.loads(filled(example.answer, values)), got, example.command)
                values |= {name: pick(got, path) for name, path in example.takes.items()}
            else:
                assert example.kind in answer.headers.get("Content-Type", "text"), example.command


def test_every_filter_of_the_list_is_explained():
    table = GUIDE.read_text(encoding="utf-8").split("## Filters of the list")[1]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("|")]
    explained = {name for row in rows for cell in row for name in re.findall(r"`(\w+)`", cell)}
    assert set(EventFilterSet.base_filters) <= explained
