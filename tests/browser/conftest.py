"""A browser for each person, and a record of every host that any of them contacts."""

import io
import os
import shutil
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from tests.factories import PASSWORD
from tests.scenes import Scene, file_database, session_of

# The browser's loop runs in this thread while the tests prepare rows in it: nothing is awaited meanwhile.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE = 60_000  # milliseconds: two cores may have other work
SIZES = {"wall": (1920, 1080), "desk": (1366, 768), "phone": (390, 844)}


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args():
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt install chromium fonts-noto-cjk)")
    return {"executable_path": CHROMIUM, "args": FLAGS, "headless": True}


@pytest.fixture(scope="session")
def shots():
    """Where screenshots go."""
    folder = settings.BASE_DIR / "var" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session", autouse=True)
def patience():
    """Assertions of pages wait as long as clicks do: they end as soon as they are true."""
    expect.set_options(timeout=PATIENCE)


@pytest.fixture
def own_connections(transactional_db, live_server, tmp_path):
    """Each request has a connection of its own, as in service: on SQLite the server's threads would share the test's,
    and with it one transaction."""
    if connection.vendor == "postgresql":
        yield
        return
    server = live_server.thread.httpd
    shared = server.connections_override
    with file_database(tmp_path):
        server.connections_override = {}
        yield
        server.connections_override = shared


@pytest.fixture
def county(own_connections):
    """Rows that the server's threads see: committed, not in a transaction of the test."""
    from events import calendars
    from tests.factories import County

    made = County()
    calendars.fill(2026)
    return made


class Desk:
    """People at their browsers. `hosts` are all hosts any of them has asked, `troubles` what their consoles said.

    They have logged in when they sit down; `by_form`: by the page of the login, as everybody does.
    """

    def __init__(self, browser, url):
        self.browser, self.url, self.by_form = browser, url, False
        self.hosts, self.troubles, self.contexts = set(), [], []

    def sit_down(self, user=None, size="desk", **options):
        """A page of a fresh browser in which `user` has logged in and stands at the first page."""
        width, height = SIZES[size]
        context = self.browser.new_context(
            base_url=self.url, viewport={"width": width, "height": height}, locale="zh-CN",
            has_touch=size == "phone", **options,
        )  # fmt: skip
        context.set_default_timeout(PATIENCE)
        context.on("request", lambda request: self._note(request.url))
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", self._listen)
        if user is not None and not self.by_form:
            context.add_cookies([{"name": "sessionid", "value": session_of(user), "url": self.url}])
            page.goto("/")
        elif user is not None:
            page.goto("/login/")
            page.fill("[name=username]", user.username)
            page.fill("[name=password]", PASSWORD)
            page.click("#content button[type=submit]")
            # A click ends before its page is there: whoever went on at once would break the login off.
            page.wait_for_url(lambda url: "/login/" not in url)
        return page

    def _note(self, url):
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss"):
            self.hosts.add(parts.netloc)

    def _listen(self, message):
        # A refused form is a 4xx, which the console always reports.
        if message.type == "error" and "status of 4" not in message.text:
            self.troubles.append(message.text)

    def close(self):
        for context in self.contexts:
            context.close()


@pytest.fixture
def desk(browser, live_server, county):
    made = Desk(browser, live_server.url)
    yield made
    made.close()


@pytest.fixture
def live_desk(browser, house):
    """A desk at a web process as in service, whose pages hear of what happens; `scene` and `house` are the test's own."""
    scene = Scene()
    made = Desk(browser, f"http://127.0.0.1:{house.web().port}")
    made.scene, made.house = scene, house
    yield made
    made.close()


def open_live(page, path):
    """The page, once every change from now on will be told to it."""
    page.goto(path)
    expect(page.locator("[data-live-on]")).to_have_count(1)


@pytest.fixture
def snapshot():
    """`snapshot(text, colour)`: a photo as a phone would send it."""

    def make(text, colour="tan"):
        image = Image.new("RGB", (1200, 900), colour)
        ImageDraw.Draw(image).text((60, 60), text, fill="black")
        out = io.BytesIO()
        image.save(out, "JPEG")
        return {"name": f"{text}.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}

    return make
