"""The OpenAPI document is complete and true, and its pages need no other host."""

import re
from datetime import timedelta

import jsonschema
import pytest
from django.utils import timezone
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator

from events import services
from gridcenter.api import urlpatterns

LISTS = [
    ("/api/v1/events/", "/api/v1/events/"),
    ("/api/v1/events/map/", "/api/v1/events/map/"),
    ("/api/v1/events/counts/", "/api/v1/events/counts/"),
    ("/api/v1/transitions/", "/api/v1/transitions/"),
    ("/api/v1/notices/", "/api/v1/notices/"),
    ("/api/v1/standards/", "/api/v1/standards/"),
    ("/api/v1/grids/", "/api/v1/grids/"),
    ("/api/v1/grids/outlines/", "/api/v1/grids/outlines/"),
    ("/api/v1/units/", "/api/v1/units/"),
    ("/api/v1/me/", "/api/v1/me/"),
    ("/api/v1/warnings/", "/api/v1/warnings/"),
    ("/api/v1/patrols/", "/api/v1/patrols/"),
    ("/api/v1/scorecards/periods/", "/api/v1/scorecards/periods/"),
]


@pytest.fixture(scope="module")
def schema():
    GENERATOR_STATS.reset()
    return SchemaGenerator().get_schema(request=None, public=True)


def test_the_schema_is_made_without_a_warning(schema, capsys):
    assert "Warning" not in capsys.readouterr().err
    assert not GENERATOR_STATS._warn_cache
    assert not GENERATOR_STATS._error_cache


def test_every_address_of_the_api_is_described(schema):
    def walk(patterns, prefix=""):
        for entry in patterns:
            if hasattr(entry, "url_patterns"):
                yield from walk(entry.url_patterns, prefix + str(entry.pattern))
            elif entry.name not in ("schema", "docs", "nowhere"):
                yield "/api/v1/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", prefix + str(entry.pattern)).replace("{pk}", "{id}")

    described = {path.replace("{pk}", "{id}") for path in schema["paths"]}
    assert set(walk(urlpatterns)) == described


def as_json_schema(part):
    """OpenAPI 3.0's `nullable` in the words of JSON Schema."""
    if isinstance(part, list):
        return [as_json_schema(one) for one in part]
    if not isinstance(part, dict):
        return part
    made = {key: as_json_schema(value) for key, value in part.items() if key != "nullable"}
    return {"anyOf": [made, {"type": "null"}]} if part.get("nullable") is True else made


def check(schema, path, answer, status="200", method="get"):
    """The answer is exactly what the document says, unknown keys included."""
    shape = schema["paths"][path][method]["responses"][status]["content"]["application/json"]["schema"]
    components = as_json_schema(schema["components"])
    for component in components["schemas"].values():
        if component.get("type") == "object" and "additionalProperties" not in component:
            component["additionalProperties"] = False
    jsonschema.validate(answer, {**as_json_schema(shape), "components": components})


@pytest.fixture
def busy(county):
    """An event in work with everything that can lie beside the road."""
    soon = timezone.now() + timedelta(hours=3)
    event = services.report(
        actor=county.worker, description="井盖缺失", location=county.west.point, standard=county.standard.pk
    ).event
    steps = [
        (county.operator, "register", {"standard": county.standard.pk, "urgency": "normal"}),
        (county.operator, "dispatch", {"lead": county.urban.pk, "co_units": [county.police.pk]}),
        (county.staff, "sign", {}),
        (county.staff, "ask_time", {"amount": 1, "words": "等材料"}),
        (county.operator_area, "supervise", {"words": "抓紧", "answer_by": soon}),
        (county.operator, "whistle", {"units": [county.police.pk], "place": "路口", "come_by": soon}),
        (county.police_staff, "report_in", {"location": county.west.point}),
    ]
    for actor, action, supplied in steps:
        services.advance(event_id=event.pk, action=action, actor=actor, **supplied)
    return event


@pytest.mark.parametrize(("url", "path"), LISTS)
def test_lists_are_what_the_document_says(county, busy, api, schema, url, path):
    check(schema, path, api(county.operator).get(url).json())


def test_one_event_is_what_the_document_says(county, busy, api, schema):
    path = "/api/v1/events/{id}/"
    check(schema, path, api(county.operator).get(f"/api/v1/events/{busy.pk}/").json())


def test_a_report_and_a_step_are_what_the_document_says(county, api, schema):
    body = {"description": "x", "location": list(county.west.point), "standard": "E0101-1"}
    made = api(county.worker).post("/api/v1/events/", body).json()
    check(schema, "/api/v1/events/", made, "201", "post")
    step = {"action": "register", "standard": "E0101-1", "urgency": "normal"}
    done = api(county.operator).post(f"/api/v1/events/{made['event']['id']}/steps/", step).json()
    check(schema, "/api/v1/events/{id}/steps/", done, "200", "post")


def test_one_grid_and_one_unit_are_what_the_document_says(county, api, schema):
    client = api(county.operator)
    check(schema, "/api/v1/grids/{id}/", client.get(f"/api/v1/grids/{county.west.grids[0].pk}/").json())
    check(schema, "/api/v1/units/{id}/", client.get(f"/api/v1/units/{county.urban.pk}/").json())


def test_the_docs_run_under_the_content_security_policy(client, db):
    page = client.get("/api/v1/docs/")
    html = page.content.decode()
    assert page.status_code == 200
    assert "script-src 'self'" in page["Content-Security-Policy"]
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", html, re.S)
    assert scripts and all("src=" in attributes and not body.strip() for attributes, body in scripts)
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", html)
    script = client.get(re.search(r'src="(/api/v1/docs/[^"]*)"', html)[1].replace("&amp;", "&"))
    assert script["Content-Type"].startswith("application/javascript")
    assert "/api/v1/schema/" in script.content.decode()


def test_the_document_is_served(client, db):
    answer = client.get("/api/v1/schema/", {"format": "json"})
    assert answer.status_code == 200
    assert answer.json()["info"]["title"] == "gridcenter API"
