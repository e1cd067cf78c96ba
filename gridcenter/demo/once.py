"""One event through all six steps over the HTTP API, as the five people concerned, and the scores through Celery.

What bin/demo --once runs on a fresh demo county: people are found in the database, everything they do goes through
the API of a running server, and the tasks through the broker to a running worker.
"""

import io
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import ProxyHandler, Request, build_opener

from celery.exceptions import TimeoutError as TaskTimeout
from django.utils import timezone
from PIL import Image, ImageDraw

from accounts.models import User
from accounts.roles import ROLES, WORKER_ROLES
from evaluation import periods
from evaluation.models import Scorecard
from events.models import Transition
from events.services import history
from gridcenter.celery import app
from grids.models import Post

from .people import PASSWORD

STANDARD = "井盖"  # what the worker sees; the list is searched for it
TASK_SECONDS = 180
SHOWN = 3
UNSEEN = (OSError, URLError)


class Failed(Exception):
    """What went wrong, as a sentence for the person at the terminal."""


class Api:
    """The REST API as one person. Every answer that is not a success raises Failed with the server's words."""

    def __init__(self, url: str, user: User):
        self.url, self.user = url.rstrip("/"), user
        # The server is on this machine: no proxy may stand between.
        self._open = build_opener(ProxyHandler({})).open
        self._token = None
        answer = self.post("auth/token/", {"username": user.username, "password": PASSWORD})
        self._token = answer["token"]

    def get(self, path: str) -> dict:
        return self._call(path, None, {})

    def post(self, path: str, body: dict) -> dict:
        return self._call(path, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def step(self, event: dict, action: str, **supplied) -> dict:
        """Take a step on what this person has seen of the event; returns the event as it stands then."""
        body = {"action": action, "seen": event["seq"], "key": uuid.uuid4().hex, **supplied}
        return self.post(f"events/{event['id']}/steps/", body)["event"]

    def upload(self, words: str, colour: str, kind: str) -> str:
        """A photo drawn on the spot; returns its id."""
        edge = uuid.uuid4().hex
        head = (
            f'--{edge}\r\nContent-Disposition: form-data; name="kind"\r\n\r\n{kind}\r\n--{edge}\r\nContent-Disposition: '
            f'form-data; name="file"; filename="{kind}.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
        )
        body = head.encode() + picture(words, colour) + f"\r\n--{edge}--\r\n".encode()
        return self._call("attachments/", body, {"Content-Type": f"multipart/form-data; boundary={edge}"})["id"]

    def _call(self, path, body, headers):
        if self._token:
            headers["Authorization"] = f"Token {self._token}"
        request = Request(f"{self.url}/api/v1/{path}", data=body, headers=headers)
        try:
            with self._open(request, timeout=60) as answer:
                return json.load(answer)
        except HTTPError as error:
            words = error.read().decode(errors="replace")[:500]
            asked = f"{request.get_method()} {path} as {self.user.name}"
            raise Failed(f"{asked} was answered with {error.code}: {words}") from error
        except UNSEEN as error:
            raise Failed(f"The server at {self.url} does not answer: {error}.") from error


def picture(words: str, colour: str) -> bytes:
    """A small JPEG that says that it is a demonstration."""
    image = Image.new("RGB", (640, 480), colour)
    ImageDraw.Draw(image).text((24, 220), f"gridcenter demo: {words}", fill="white")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


@dataclass(frozen=True)
class Cast:
    """The five people. The worker reports and, in the end, rates."""

    worker: Post
    registrar: Post
    dispatcher: Post
    verifier: Post


def cast() -> Cast:
    """A grid worker, the operators of the station and of the centre above, the leader of the village's grid."""
    posts = Post.objects.on().select_related("user", "grid", "unit").order_by("pk")
    for worker in posts.filter(role__in=WORKER_ROLES, grid__boundary__isnull=False)[:50]:
        station, above = _ancestors(worker.grid)
        found = [
            posts.filter(role="operator", unit__grid_id=station, unit__kind="centre").first(),
            posts.filter(role="operator", unit__grid_id=above, unit__kind="centre").first(),
            posts.filter(role="grid_leader", grid_id=station).first(),
        ]
        if all(found):
            return Cast(worker, *found)
    raise Failed("No grid has a worker, operators and a grid leader: is a demo county loaded (manage.py demo_county)?")


def _ancestors(grid):
    """Ids of the grid one level up and two levels up."""
    ids = [int(part) for part in grid.path.split("/") if part]
    return ids[-2], ids[-3]


class Walk:
    """The six steps. `say` gets one line per step."""

    def __init__(self, url: str, say: Callable[[str], object]):
        self.url, self.say = url, say
        self.cast = cast()
        self.event: dict = {}

    def go(self) -> dict:
        """Returns the event as the API gives it at the end. Raises Failed."""
        self._report()
        self._register()
        self._dispatch()
        self._handle()
        self._verify()
        self._evaluate()
        return self._check()

    def _as(self, post) -> Api:
        return Api(self.url, post.user)

    def _tell(self, step, post, words):
        where = post.unit or post.grid
        self.say(f"{step}  {post.user.name} ({ROLES[post.role].name}, {where.name}): {words} → {self.event['status']}")

    def _report(self):
        """1 采集上报: with a photo and a position; asked twice with one key, it happens once."""
        worker, spot = self.cast.worker, self.cast.worker.grid.boundary.point_on_surface
        self.reporter = self._as(worker)
        found = self.reporter.get(f"standards/?q={quote(STANDARD)}")["results"]
        if not found:
            raise Failed(f"No case standard is found by {STANDARD}.")
        self.standard = found[0]
        body = {
            "description": "路中井盖破损，车辆绕行",
            "place": f"{worker.grid.name}主路口",
            "location": {"lon": round(spot.x, 6), "lat": round(spot.y, 6)},
            "standard": self.standard["code"],
            "photos": [self.reporter.upload("before", "#7a4a2a", "before")],
            "key": uuid.uuid4().hex,
        }
        self.event = self.reporter.post("events/", body)["event"]
        if self.reporter.post("events/", body)["event"]["id"] != self.event["id"]:
            raise Failed("The same report, sent twice with one key, made two events.")
        self._tell("1 report 采集上报   ", worker, f"“{body['description']}”, {self.standard['name']}, 1 photo")

    def _register(self):
        """2 立案建档: by the station it lies with."""
        registrar = self._as(self.cast.registrar)
        self.event = registrar.step(self.event, "register", standard=self.standard["id"], urgency="normal")
        self._tell("2 register 立案建档 ", self.cast.registrar, f"number {self.event['number']}")
        self.event = registrar.step(self.event, "escalate", words="需上级派遣责任单位")

    def _dispatch(self):
        """3 事件派遣: by the centre above, to the department that the standard names for this place."""
        dispatcher = self._as(self.cast.dispatcher)
        leads = dispatcher.get(f"standards/{self.standard['id']}/")["leads"]
        units = dispatcher.get(f"units/?kind=department&covers={self.event['grid']['id']}&page_size=1000")["results"]
        kinds = {lead["department_kind"] for lead in leads}
        lead = next((unit for unit in reversed(units) if unit["department_kind"] in kinds), None)
        if lead is None:
            raise Failed(f"No department of the kinds {sorted(kinds)} covers {self.event['grid']['name']}.")
        self.lead = lead
        self.event = dispatcher.step(self.event, "dispatch", lead=lead["id"], words="请尽快处置")
        self._tell("3 dispatch 事件派遣 ", self.cast.dispatcher, f"to {lead['name']}")

    def _handle(self):
        """4 处置反馈: the department signs, mends, feeds back with a photo."""
        post = Post.objects.on().filter(unit_id=self.lead["id"]).select_related("user", "unit").first()
        if post is None:
            raise Failed(f"{self.lead['name']} has no staff.")
        staff = self._as(post)
        self.event = staff.step(self.event, "sign")
        self._tell("4 handle 处置反馈   ", post, "signed")
        photo = staff.upload("after", "#2a6a4a", "after")
        self.event = staff.step(self.event, "feed_back", words="已更换井盖，路面恢复", photos=[photo])
        self._tell("                     ", post, "“已更换井盖，路面恢复”, 1 photo")

    def _verify(self):
        """5 核查结案: on the spot, by somebody else than the reporter."""
        spot = self.cast.worker.grid.boundary.point_on_surface
        verifier = self._as(self.cast.verifier)
        photo = verifier.upload("verified", "#2a4a7a", "verify")
        place = {"lon": round(spot.x, 6), "lat": round(spot.y, 6)}
        self.event = verifier.step(self.event, "verify_pass", words="现场已恢复", photos=[photo], location=place)
        self._tell("5 verify 核查结案   ", self.cast.verifier, "“现场已恢复”, 1 photo, position")

    def _evaluate(self):
        """6 综合评价: by the reporter."""
        self.event = self.reporter.step(self.event, "evaluate", stars=5, words="处理很快")
        self._tell("6 evaluate 综合评价 ", self.cast.worker, "5 stars")

    def _check(self):
        """The event's record says the same as we do."""
        whole = self.reporter.get(f"events/{self.event['id']}/")
        done = [row["action"] for row in whole["transitions"]]
        wanted = ["report", "register", "escalate", "dispatch", "sign", "feed_back", "verify_pass", "evaluate"]
        if done != wanted or whole["status"] != "evaluated" or len(whole["attachments"]) != 3:
            raise Failed(f"The record is not that of these steps: {done}, {whole['status']}.")
        fault = next(iter(history.faults()), None)
        if fault is not None:
            raise Failed(f"The history does not verify: {fault}.")
        self.say(f"   history: {Transition.objects.count()} rows, every chain and seal verified")
        return whole


def score(say: Callable[[str], object]) -> None:
    """Last month of the workers and last quarter of the departments, by a worker of Celery. Raises Failed."""
    today = timezone.localdate()
    for word in periods.SHORT:
        kind = periods.kind_of(word)
        start = periods.before(kind, today)
        task = app.send_task("evaluation.tasks.score_period", [word, start.isoformat()])
        try:
            answer = task.get(timeout=TASK_SECONDS)
        except TaskTimeout as error:
            raise Failed(f"No worker has scored the {word} within {TASK_SECONDS} s.") from error
        except Exception as error:  # whatever the task raised is carried over to us
            raise Failed(f"Scoring the last {word} failed: {error}.") from error
        _tell_scores(say, word, kind, start, answer)


def _tell_scores(say, word, kind, start, answer):
    cards = Scorecard.objects.filter(period__kind=kind, period__start=start).select_related("user", "unit")
    scored = cards.exclude(total=None).count()
    if not scored:
        raise Failed(f"The last {word} ({answer['period']}) has {answer['cards']} cards and not one score.")
    say(f"   scored {word} {answer['period']}: {answer['cards']} cards, {scored} with a score; the best:")
    for card in cards.exclude(total=None).ranked()[:SHOWN]:
        say(f"      {card.rank}. {card.subject}  {card.total}")

