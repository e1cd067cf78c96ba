"""A register that somebody may not know of leaves no trace for them: every page is the same with it and without it."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from residents.models import CareClass, CareRecord
from residents.services import support
from tests.residents.factories import CareClassFactory

pytestmark = pytest.mark.django_db
CHANGING = re.compile(
    r'name="csrfmiddlewaretoken" value="[^"]+"|"X-CSRFToken": "[^"]+"|(今天|today) \d\d:\d\d'
    r'|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?[^",<]*|[?&]after=[^"]+|"next": ?"[^"]+"|"cursor": ?"[^"]+"'
)
PARTS = ("timeline/", "registers/", "looks/", "history/", "counts/")
WORDS = ("严重精神障碍", "机密监护人", "机密类别", "社区矫正")


def addresses(people):
    """Every page, list, part, API and export that speaks of this person, their home or their grid."""
    person, home = people.ill, people.ill.dwelling
    grid, village = people.home.pk, people.county.west.village.pk
    town = people.county.west.town.pk
    return [
        "/registry/", f"/registry/?q={person.name}", "/registry/?q=精神", "/registry/?q=机密类别",
        f"/registry/residents/{person.pk}/", f"/registry/residents/{person.pk}/timeline/",
        f"/registry/residents/{person.pk}/registers/", f"/registry/residents/{person.pk}/care/",
        f"/registry/residents/{person.pk}/looks/", f"/registry/resident/{person.pk}/history/",
        f"/registry/resident/{person.pk}/change/", f"/registry/resident/{person.pk}/now/move-out/",
        f"/registry/households/{person.household_id}/", f"/registry/dwellings/{home.pk}/",
        f"/registry/buildings/{home.building_id}/?by=care", f"/registry/buildings/{home.building_id}/?by=people",
        f"/registry/building/{home.building_id}/history/", f"/registry/grids/{grid}/", f"/registry/grids/{town}/",
        "/registry/care/", "/registry/care/?class=solitary_elderly", "/registry/access/", "/registry/due/",
        f"/registry/due/?grid={grid}&list=visits", "/registry/due/counts/", "/registry/quality/",
        f"/registry/choices/?kind=resident&name=x&x_q={person.name}", "/registry/imports/",
        "/registry/export/resident/", f"/grids/{grid}/", f"/grids/{village}/",
        "/api/v1/residents/", f"/api/v1/residents/?grid={grid}", f"/api/v1/residents/{person.pk}/",
        f"/api/v1/residents/figures/?grid={grid}", "/api/v1/residents/changes/?page_size=500",
        "/admin/", "/admin/residents/change/", "/admin/residents/access/",
        "/admin/residents/carerecord/", "/admin/residents/carerecord/add/", "/admin/residents/gridcount/",
        "/admin/residents/erasure/", f"/admin/residents/resident/{person.pk}/change/",
    ]  # fmt: skip


def read(user, paths):
    """{path: what is answered}, without what differs at every turn."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    told = {}
    for path in paths:
        headers = {"HX-Request": "true"} if path.endswith(PARTS) else {}
        told[path] = _told(client.get(path, headers=headers))
    told["the file"] = _told(client.post("/registry/export/resident/", {"form": "csv"}))
    return told


def _told(answer):
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return (
        answer.status_code,
        answer.headers.get("Location", ""),
        CHANGING.sub("", body.decode(errors="replace")),
    )


def differences(before, after):
    """[(path, what was there, what is there)] around the first sign that differs."""
    found = []
    for path in before:
        if before[path] != after[path]:
            old, new = before[path][2], after[path][2]
            at = next((n for n, (x, y) in enumerate(zip(old, new, strict=False)) if x != y), 0)
            found.append(
                (path, before[path][0], old[max(at - 80, 0) : at + 80], new[max(at - 80, 0) : at + 80])
            )
    return found


OUTSIDERS = {
    "worker": lambda people: people.county.worker,
    "operator": lambda people: people.county.operator,
    "operator_top": lambda people: people.county.operator_top,
    "next_worker": lambda people: people.county.worker_next,
    "leader_east": lambda people: people.leader_east,
    "inspector": lambda people: people.inspector,
    "leader": lambda people: people.county.person("leader", grid=people.county.root),
    "administrator": lambda people: administrator(people),
    "staff": lambda people: people.county.police_staff,
}


def administrator(people):
    made = people.county.person("district_admin", grid=people.county.root)
    made.is_staff = True
    made.save()
    return made


@pytest.mark.parametrize("who", OUTSIDERS)
def test_a_statutory_file_changes_nothing_that_others_are_shown(people, who):
    outsider, paths = OUTSIDERS[who](people), addresses(people)
    before = read(outsider, paths)
    file = people.file(attention=1)
    support.open_file(actor=people.leader, pk=file.pk, reason="季度随访前查阅档案")
    support.visit(actor=people.leader, pk=file.pk)
    after = read(outsider, paths)
    assert differences(before, after) == []
    # The leader of the east knows such registers in the east, so their names are hers to read; the file is not.
    words = ("机密监护人",) if who == "leader_east" else WORDS
    told = [path for path, (_s, _l, text) in after.items() if any(word in text for word in words)]
    assert [path for path in told if "q=" not in path] == []


@pytest.mark.parametrize("who", ["worker", "operator", "inspector", "leader", "administrator", "staff"])
def test_a_care_class_one_may_not_know_changes_nothing_either(people, who):
    outsider, paths = OUTSIDERS[who](people), addresses(people)
    secret = CareClassFactory(code="only-heads", name="机密类别", roles=["centre_head"])
    before = read(outsider, paths)
    CareRecord.objects.create(
        resident=people.ill, care_class=secret, grid=people.home, visit_days=7, since="2026-01-01",
        next_visit="2026-01-08", attention=1,
    )  # fmt: skip
    after = read(outsider, paths)
    assert differences(before, after) == []


def test_the_differences_would_be_seen(people):
    """The two tests above would prove nothing if nobody saw a difference."""
    paths = addresses(people)
    before = read(people.leader, paths)
    people.file(attention=1)
    after = read(people.leader, paths)
    changed = {path for path in before if before[path] != after[path]}
    assert f"/registry/residents/{people.ill.pk}/registers/" in changed
    assert "/registry/care/" in changed
    assert (
        reverse("residents:care") == "/registry/care/"
        and CareClass.objects.filter(group="statutory").count() == 4
    )
