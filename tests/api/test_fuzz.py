"""Bad input, by the hundred, from a seed: nothing breaks, and what is refused changes nothing."""

import random

import pytest
from django.utils import timezone

from events import services
from events.api import inputs
from events.models import Event, Transition

EVENTS = "/api/v1/events/"
ODD = [
    None, True, False, 0, -1, 1, 2**31, 2**63 - 1, 2**63, 2**64, 10**30, -(10**30), 0.5, 1e308, -1e308, "", " ", "0", "-1",
    "1e5", "NaN", "Infinity", "x" * 5000, "\u0000", "a\u0000b", "\ud7ff\ue000\U0001f9ef", "٣", "²", "𝟙",
    "'; DROP TABLE events_event; --",
    "2026-02-30", "0001-01-01", "9999-12-31", "2026-11-22T10:00:00", "9999-12-31T23:59:59-12:00",
    "0001-01-01T00:00:00+14:00", "2026-11-22T25:00", [], [None], [[]], [1, "2", None], ["x"] * 100, {},
    {"lon": 1}, {"lon": None, "lat": None},
    {"lon": 179.9999999999, "lat": 89.9}, {"lon": "a", "lat": []}, [113.405, 27.605], [1e300, 1],
    "00000000-0000-0000-0000-000000000000", ["00000000-0000-0000-0000-000000000000"], "normal", "critical", "E0101-1",
]  # fmt: skip
OTHERS = ["action", "seen", "key", "settled", "status", "path", "id", "__class__", "now", "actor", "around", "event_id"]
NAMES = [*inputs.FIELDS, *OTHERS]
ACTIONS = [name for name, _label in inputs.STEP_ACTIONS]
QUERIES = [
    "cursor", "page_size", "ordering", "q", "status", "grid", "unit", "holder", "standard", "light", "worklist", "late",
    "reported_from", "reported_to", "reporter", "level", "parent", "within", "code", "on", "covers", "lon", "lat", "period",
    "unread", "worker", "state", "day_from", "day_to",
]  # fmt: skip
LISTS = [
    EVENTS, f"{EVENTS}map/", f"{EVENTS}repeats/", f"{EVENTS}export.csv", "/api/v1/transitions/", "/api/v1/notices/",
    "/api/v1/standards/", "/api/v1/grids/", "/api/v1/grids/outlines/", "/api/v1/grids/locate/", "/api/v1/units/",
    "/api/v1/scorecards/", "/api/v1/scorecards/periods/", "/api/v1/patrols/",
]  # fmt: skip


def body(chance, county):
    """A handful of fields with odd values, some of them sensible, so that the rules behind the types are met, too."""
    sensible = {
        "description": "井盖缺失", "words": "理由", "location": list(county.west.point), "standard": county.standard.pk,
        "urgency": "normal", "lead": county.urban.pk, "unit": county.area_centre.pk, "units": [county.police.pk],
        "grid": county.west.grids[1].pk, "stars": 3, "amount": "1", "repeats": 1, "place": "路口", "until": "2027-01-01",
        "come_by": (timezone.now() + timezone.timedelta(hours=1)).isoformat(), "answer_by": "2199-01-01T00:00:00Z",
    }  # fmt: skip
    made = dict(chance.sample(sorted(sensible.items(), key=str), chance.randint(0, len(sensible))))
    for name in chance.sample(NAMES, chance.randint(0, 3)):
        made[name] = chance.choice(ODD)
    return made


@pytest.fixture
def unthrottled(monkeypatch):
    rates = dict.fromkeys(("user", "anon", "login", "upload"))
    monkeypatch.setattr("rest_framework.throttling.SimpleRateThrottle.THROTTLE_RATES", rates)


@pytest.mark.parametrize("seed", range(4))
def test_reports_of_any_kind_are_taken_or_refused(county, api, unthrottled, seed):
    chance, client = random.Random(seed), api(county.worker)
    for _n in range(60):
        given, before = body(chance, county), Transition.objects.count()
        answer = client.post(EVENTS, given)
        assert answer.status_code in (200, 201, 400, 403), given
        assert Transition.objects.count() - before == (answer.status_code == 201), given


@pytest.mark.parametrize("seed", range(4))
def test_steps_of_any_kind_are_taken_or_refused(county, api, unthrottled, seed):
    chance = random.Random(100 + seed)
    event = services.report(
        actor=county.worker, description="井盖缺失", location=county.west.point, standard=county.standard.pk
    ).event
    people = [api(user) for user in (county.operator, county.operator_top, county.staff, county.worker, county.police_staff)]
    for _n in range(80):
        given = {"action": chance.choice(ACTIONS), **body(chance, county)}
        if isinstance(given["action"], str) and given["action"] in inputs.MOVES and chance.random() < 0.6:
            given = {name: value for name, value in given.items() if name in ("action", *inputs.taken_by(given["action"]))}
        before = Transition.objects.count()
        answer = chance.choice(people).post(f"{EVENTS}{event.pk}/steps/", given)
        assert answer.status_code in (200, 400, 403, 404, 409), given
        assert Transition.objects.count() - before == (answer.status_code == 200), given
    assert Event.objects.get(pk=event.pk).head_seq == Transition.objects.filter(event=event).count()


@pytest.mark.parametrize("url", LISTS)
def test_addresses_of_any_kind_are_answered(county, api, unthrottled, url):
    chance, client = random.Random(url), api(county.operator_top)
    odd = [str(value) for value in ODD]
    for _n in range(40):
        query = {name: chance.choice(odd) for name in chance.sample(QUERIES, chance.randint(1, 2))}
        answer = client.get(url, query)
        assert answer.status_code in (200, 400, 404), query
        if answer.streaming:
            b"".join(answer.streaming_content)


@pytest.mark.parametrize("pk", ["0", "-1", "99999999999999999999", "abc", "1.5", "%00", "１"])
def test_ids_of_any_kind_are_answered(county, api, pk):
    for path in ("events", "grids", "units", "standards", "scorecards", "attachments"):
        assert api(county.operator).get(f"/api/v1/{path}/{pk}/").status_code == 404
