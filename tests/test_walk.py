"""Every address of the project, walked as a stranger, as a person without a post, and as people of the next street.

Nothing of the west may appear in any answer, and no unsafe request may change anything. An address that this walk
cannot reach (a new one with an argument it does not know) makes it fail: say below what stands for the argument.
"""

import re
import uuid
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.utils import timezone
from rest_framework.throttling import SimpleRateThrottle

from accounts.models import Portrait
from evaluation import services as scoring
from events import services
from events.models import Attachment, CaseCounter, Event
from events.services.desk import save_view
from exchange.services import issue_key
from fieldwork.services import patrols
from grids.models import Grid, Unit
from papers.models import Paper
from tests.duty.west import DutyOfWest
from tests.factories import AttachmentFactory
from tests.residents.walk import RegistryOfWest
from tests.scores import DEPARTMENTS, LATER, MONTH, OCTOBER, QUARTER, busy_october

# Open to everybody, and why.
PUBLIC = {
    "healthz": "says only that the process is alive",
    "readyz": "says only whether its parts answer",
    "accounts:login": "the gate",
    "accounts:language": "chooses the language of the gate",
    "api:token": "the gate of the API",
    "api:schema": "describes the API, not the county",
    "api:docs": "shows the schema",
    "api:nowhere": "a 404 in the API's own form",
    "admin:login": "the gate of the admin",
    "admin:logout": "ends a session, shows nothing",
}
# The pin of the report form says in which grid it stands: anybody may report from anywhere, and a grid's name hangs on
# its sign in the street. Its people and what was reported there stay hidden.
SAYS_THE_GRID = "/events/report/here/"
MARK = "机密西岸"
OURS = {
    "accounts", "grids", "residents", "events", "duty", "fieldwork", "evaluation", "exchange", "papers", "screen", "auth"
}  # fmt: skip
VOLATILE = {"last_login"}
UNSAFE = ("post", "put", "patch", "delete")


def addresses(patterns=None, prefix="", namespace=""):
    """(route, full name, names of its arguments) of every address."""
    for entry in patterns if patterns is not None else get_resolver().url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from addresses(entry.url_patterns, route, inner)
        else:
            yield route, f"{namespace}{entry.name or ''}", set(entry.pattern.regex.groupindex)


class West:
    """The county, with one event of the west that has everything, and marks on all that is the west's."""

    def __init__(self, county):
        self.county = county
        self._mark()
        CaseCounter.objects.create(territory="430281", year=timezone.localdate().year, last=900)
        self.event = self._event()
        busy_october(county)
        Event.objects.filter(reporter=county.worker_east).update(reporter=None)  # one's own report is no secret
        Event.objects.update(description=f"{MARK}事件", place=f"{MARK}门前")
        self.month = scoring.score(MONTH, OCTOBER, LATER)
        self.quarter = scoring.score(DEPARTMENTS, QUARTER, LATER)
        scoring.publish(period_id=self.quarter.pk, actor=None)
        issue_key(unit=county.urban)
        self.registry = RegistryOfWest(county, MARK)
        self.duty = DutyOfWest(county, self.event, MARK)
        self.patrol = self._patrol()
        self.resident = self.registry.resident
        self.photo = Attachment.objects.filter(event=self.event).first()
        self.card = self.month.cards.get(user=county.worker)
        self.paper = self._paper()
        self.face = Portrait(user=county.worker)
        self.face.file.save("", ContentFile(MARK.encode()))
        self.view = save_view(owner=county.operator, name=f"{MARK}视图", query=f"grid={county.west.town.pk}")
        self.notice = self.event.notices.filter(user=county.operator).first()

    def _mark(self):
        west = self.county.west
        for grid in (west.town, west.village, *west.grids):
            Grid.objects.filter(pk=grid.pk).update(name=f"{MARK}{grid.name}")
        Unit.objects.filter(pk__in=[west.station.pk, west.town_centre.pk]).update(name=f"{MARK}单位", phone="0733-7777")
        for person in (self.county.worker, self.county.worker_next, self.county.operator):
            type(person).objects.filter(pk=person.pk).update(name=f"{MARK}{person.pk}号", phone="13877777777")
            person.refresh_from_db()

    def _event(self):
        county, soon = self.county, timezone.now() + timedelta(hours=3)
        photo = AttachmentFactory(uploader=county.worker, name=f"{MARK}.jpg")
        event = services.report(
            actor=county.worker, description=f"{MARK}事件", place=f"{MARK}门前", location=county.west.point,
            standard=county.standard.pk, contact_name=f"{MARK}人", contact_phone="13877777777",
            photos=[str(photo.public_id)],
        ).event  # fmt: skip
        steps = [
            (county.operator, "register", {"standard": county.standard.pk, "urgency": "normal"}),
            (county.operator, "dispatch", {"lead": county.urban.pk, "words": f"{MARK}派遣"}),
            (county.staff, "sign", {}),
            (county.operator_area, "supervise", {"words": f"{MARK}督办", "answer_by": soon}),
            (county.operator, "whistle", {"units": [county.police.pk], "place": f"{MARK}路口", "come_by": soon}),
        ]
        for actor, action, supplied in steps:
            services.advance(event_id=event.pk, action=action, actor=actor, **supplied)
        return event

    def _patrol(self):
        """One of the west's worker, under way."""
        west = self.county.west
        made = patrols.start(actor=self.county.worker, grid_id=west.grids[0].pk, key="west", start=west.point)
        type(made).objects.filter(pk=made.pk).update(note=f"{MARK}备注")
        return made

    def _paper(self):
        """A finished paper of the west's operator."""
        made = Paper(
            owner=self.county.operator, kind="case", title=f"{MARK}案卷", grid=self.county.west.grids[0],
            options={"event": self.event.pk}, status="ready", expires_at=timezone.now() + timedelta(days=1),
        )  # fmt: skip
        made.file.save("paper", ContentFile(MARK.encode()))
        return made

    def argument(self, name, route, argument):
        """What stands for `argument` in the address `name`: always a thing of the west. None if nobody has said."""
        if name.startswith("admin:"):
            return self._of_admin(route, argument)
        if name.startswith("residents:"):
            return self.registry.argument(name.removeprefix("residents:"), argument)
        if name.startswith(("duty:", "api:warning", "api:on-duty")):
            return self.duty.argument(name.rpartition(":")[2], argument)
        said = {
            ("events:step", "action"): "register",
            ("events:look", "name"): "grid",
            ("events:view", "slug"): self.view.slug,
            ("events:change-view", "slug"): self.view.slug,
            ("api:scorecard-rows", "indicator"): "valid_reports",
            ("evaluation:behind", "indicator"): "valid_reports",
            ("events:open-notice", "pk"): self.notice.pk,
            ("api:standard", "pk"): None,
            ("map:event", "pk"): self.event.pk,
            ("map:tile", "layer"): "events",
            **{("map:tile", name): value for name, value in zip("zxy", (10, 834, 430), strict=True)},
            ("grids:photo", "pk"): self.county.worker.pk,
            ("papers:new", "kind"): "sign",
            ("papers:file", "form"): "pdf",
        }
        if said.get((name, argument)):
            return said[name, argument]
        things = {
            "grids:": self.county.west.grids[0].pk,
            "map:": self.county.west.grids[0].pk,
            "screen:": self.county.west.town.pk,
            "events:": self.event.pk,
            "api:grid": self.county.west.grids[0].pk,
            "api:unit": self.county.west.station.pk,
            "api:event": self.event.pk,
            "api:steps": self.event.pk,
            "api:standard": self.county.standard.pk,
            "api:publish": self.month.pk,
            "api:scorecard": self.card.pk,
            "api:resident": self.resident.pk,
            "evaluation:period": self.month.pk,
            "evaluation:publish": self.month.pk,
            "evaluation:": self.card.pk,
            "papers:": self.paper.pk,
            "fieldwork:": self.patrol.pk,
            "api:patrol": self.patrol.pk,
        }
        if argument == "public_id":
            return self.photo.public_id
        if argument == "pk":
            return next((pk for start, pk in things.items() if name.startswith(start)), None)
        return None

    def _of_admin(self, route, argument):
        if argument == "app_label":
            return "events"
        if argument == "content_type_id":
            return apps.get_model("contenttypes", "ContentType").objects.get_for_model(Event).pk
        if argument == "url":
            return "none"
        if argument in ("object_id", "pk", "id"):
            _admin, app, model, *_rest = route.split("/")
            return self.event.pk if app == "r" else self._row(apps.get_model(app, model))
        return None

    def _row(self, model):
        """A row of the west of this model, else any."""
        marked = {
            "event": self.event.pk, "grid": self.county.west.grids[0].pk, "unit": self.county.west.station.pk,
            "user": self.county.worker.pk, "post": self.county.worker.posts.first().pk, "scorecard": self.card.pk,
            "attachment": self.photo.pk, "patrol": self.patrol.pk,
        }  # fmt: skip
        if found := marked.get(model._meta.model_name):
            return found
        try:
            model._meta.get_field("event")
            row = model.objects.filter(event=self.event).first()
        except FieldDoesNotExist:
            row = model.objects.first()
        return row.pk if row else 1

    def url(self, route, name, arguments):
        values = {one: self.argument(name, route, one) for one in arguments}
        unknown = [one for one, value in values.items() if value is None]
        assert not unknown, f"{route} ({name}): say in West.argument what stands for {unknown}"
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(values[found[1]]), route)
        path = re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda found: str(values[found[1]]), path)
        return "/" + (path.replace("^.*$", "nothing/here/").replace("^", "").replace("$", ""))

    def urls(self):
        """(name, address) of everything, and of lists asked for the west by their filters."""
        found = [(name, self.url(route, name, arguments)) for route, name, arguments in addresses()]
        lon, lat = self.county.west.point
        grid, town = self.county.west.grids[0].pk, self.county.west.town.pk
        asked = {
            "/api/v1/events/": [f"grid={town}", f"unit={self.county.west.station.pk}", f"q={MARK}", "worklist=mine"],
            "/api/v1/events/map/": [f"grid={town}"],
            "/api/v1/events/export.csv": [f"grid={town}"],
            "/api/v1/events/repeats/": [f"standard={self.county.standard.pk}&lon={lon}&lat={lat}"],
            "/api/v1/grids/": [f"within={town}", f"parent={town}", f"q={MARK}"],
            "/api/v1/grids/outlines/": [f"within={town}"],
            "/api/v1/grids/locate/": [f"lon={lon}&lat={lat}"],
            "/api/v1/units/": [f"covers={grid}", f"grid={town}", f"q={MARK}"],
            "/api/v1/scorecards/": [f"period={self.month.pk}", f"period={self.quarter.pk}"],
            "/api/v1/transitions/": ["page_size=500", "cursor=now"],
            "/api/v1/patrols/": [f"grid={grid}", f"grid={town}", "worker=me", "state=under_way"],
            "/api/v1/residents/": [f"grid={grid}"],
            "/api/v1/residents/figures/": [f"grid={grid}", f"grid={town}"],
            "/api/v1/residents/changes/": ["page_size=500", "cursor=now"],
            "/": [f"case={self.event.pk}", f"list=register&grid={town}", f"list=late&case={self.event.pk}"],
            "/events/": [f"grid={town}", f"unit={self.county.west.station.pk}", f"q={MARK}", "open=yes"],
            "/events/export.csv": [f"grid={town}"],
            "/events/changes/": [f"home=list&ids={self.event.pk}&shown={self.event.pk}", f"home=work&ids={self.event.pk}"],
            "/events/bulk/": [f"action=register&row={self.event.pk}&row={self.event.pk}:1"],
            "/events/look/grid/": [f"grid_q={MARK}"],
            "/events/look/unit/": [f"unit_q={MARK}"],
            "/events/report/here/": [f"lat={lat}&lng={lon}", f"lat={lat}&lng={lon}&standard={self.county.standard.pk}"],
            "/events/report/grids/": [f"grid_q={MARK}", f"q={MARK}"],
            "/papers/grids/": [f"kind=sign&grid_q={MARK}", f"kind=report&grid_q={MARK}"],
            "/papers/new/sign/": [f"grid={grid}"],
            "/grids/outlines/": [f"grid={grid}", f"parent={town}"],
            "/map/search/": [f"q={MARK}", f"q={self.county.west.grids[0].code}"],
            "/map/tiles/grids/14/13353/6884.mvt": [""],
            "/map/tiles/units/10/834/430.mvt": [""],
            "/map/tiles/workers/14/13353/6884.mvt": [""],
            "/admin/autocomplete/": [
                f"app_label={app}&model_name={model}&field_name={field}&term={MARK}"
                for app, model, field in (
                    ("grids", "grid", "parent"), ("grids", "post", "grid"), ("grids", "post", "unit"),
                    ("grids", "post", "user"), ("grids", "unit", "grid"),
                )
            ],
            **self.registry.asked(MARK, town),
        }  # fmt: skip
        return found + [("", f"{path}?{query}") for path, queries in asked.items() for query in queries]

    def bodies(self):
        """Nothing; and what would work in the hands of those whose it is."""
        works = {
            "action": "feed_back", "standard": self.county.standard.pk, "urgency": "normal", "words": "改动",
            "post": "yes", "ids": [self.notice.pk], "newest": self.notice.pk, "name": "改动",
            "_save": "1", "key": uuid.uuid4().hex, "grid": self.county.west.grids[0].pk,
        }  # fmt: skip
        return {}, works

    def marks(self):
        private = ["13877777777", "0733-7777", self.resident.id_number]
        return [MARK, *private, *Event.objects.exclude(number=None).values_list("number", flat=True)]


def everything():
    """All rows of our tables: equal before and after means that nothing was changed."""
    rows = {}
    for model in apps.get_models():
        if model._meta.app_label in OURS:
            names = [f.attname for f in model._meta.concrete_fields if f.attname not in VOLATILE and f.column]
            kept = model._default_manager.order_by("pk")
            if model._meta.label == "residents.Access":  # one's own export of one's own grids is written down
                kept = kept.exclude(act="export")
            if model._meta.label == "events.SavedView":  # what one sets up at one's own desk is one's own
                kept = kept.filter(name__startswith=MARK)
            if model._meta.label == "events.DeskSetting":
                continue
            rows[model._meta.label] = list(kept.values_list(*names))
    return rows


WALKERS = {
    "no_post": lambda county: county.stranger,
    "worker": lambda county: county.worker_east,
    "operator": lambda county: county.operator_east,
    "administrator": lambda county: county.admin_east,
}


class Walker:
    """One person's browser, logged in anew wherever an address has logged them out."""

    def __init__(self, person=None):
        self.person, self.client = person, None

    def ask(self, method, url, **kwargs):
        if self.client is None:
            self.client = Client()
            if self.person is not None:
                self.client.force_login(self.person)
        answer = getattr(self.client, method)(url, **kwargs)
        assert answer.status_code < 500, (method, url)
        if "logout" in url or "login" in url:
            self.client = None
        return answer


@pytest.fixture
def west(county, monkeypatch):
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", dict.fromkeys(("user", "anon", "login", "upload")))
    county.admin_east = county.person("district_admin", grid=county.east.town)
    for person in (county.admin_east, county.operator_east, county.stranger, county.worker_east):
        person.is_staff = True  # the flag opens the admin's door, and must not open more than that
        person.save()
    return West(county)


def text_of(answer):
    return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode(errors="replace")


def said(answer):
    return text_of(answer) + answer.headers.get("Location", "") + answer.headers.get("Content-Disposition", "")


def closed(answer):
    """Shut to strangers: asked to log in, by a page or by a 401."""
    location = answer.headers.get("Location", "")
    return answer.status_code == 401 or (answer.status_code == 302 and re.match(r"/(admin/)?login/", location))


def test_the_public_list_names_real_addresses_only():
    assert set(PUBLIC) <= {name for _route, name, _arguments in addresses()}


def check_marks(url, answer, marks):
    """No mark is shown; a page may repeat the words that were searched for, and nothing more."""
    told = said(answer)
    if url.startswith(SAYS_THE_GRID):
        told = told.replace(f"<strong>{MARK}阳三街道第1网格</strong>", "")
    shown = [mark for mark in marks if mark in told]
    assert not shown or (MARK in url and shown == [MARK] and told.count(MARK) <= 6), (url, shown)


def test_strangers_are_shut_out_everywhere_but_at_the_public_addresses(west):
    walker, marks = Walker(), west.marks()
    for name, url in west.urls():
        answer = walker.ask("get", url)
        check_marks(url, answer, marks)
        if name not in PUBLIC:
            # Addresses that take no GET may say so before they ask who it is.
            assert closed(answer) or answer.status_code == 405, (url, answer.status_code)


@pytest.mark.parametrize("who", WALKERS)
def test_nothing_of_the_west_is_shown(west, who):
    walker, marks = Walker(WALKERS[who](west.county)), west.marks()
    for _name, url in west.urls():
        check_marks(url, walker.ask("get", url), marks)


def tries(west, name, url):
    """(method, body) of the unsafe requests at one address: fewer at the admin's many, which knows POST only."""
    empty, works = west.bodies()
    if name.startswith("admin:"):
        return [("post", works)]
    if url.startswith("/api/"):
        return [("post", empty), *((method, works) for method in UNSAFE)]
    return [("post", empty), ("post", works), ("delete", empty)]


@pytest.mark.parametrize("who", ["nobody", *WALKERS])
def test_nobody_from_outside_changes_anything(west, who):
    walker = Walker(WALKERS[who](west.county) if who in WALKERS else None)
    before = everything()
    for name, url in west.urls():
        for method, body in tries(west, name, url):
            as_json = {"content_type": "application/json"} if url.startswith("/api/") or method != "post" else {}
            walker.ask(method, url, data=body, **as_json)
    after = everything()
    for label, rows in before.items():
        assert after[label] == rows, label


def test_the_owner_sees_what_the_walk_looks_for(west):
    """The walk would prove nothing if its marks were never shown to anybody."""
    owner = Walker(west.county.operator)
    urls = [f"/api/v1/events/{west.event.pk}/", "/api/v1/grids/", f"/events/{west.event.pk}/"]
    urls.append(f"/people/{west.county.worker.pk}/photo/")
    if connection.vendor == "sqlite":  # PostgreSQL's feed shows what is committed: tests/api/test_feed.py walks it there
        urls.append("/api/v1/transitions/")
    for url in urls:
        assert MARK in said(owner.ask("get", url)), url
    assert owner.ask("get", f"/api/v1/attachments/{west.photo.public_id}/").status_code == 200
