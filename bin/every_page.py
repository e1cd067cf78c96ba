"""Every page of a running demo county in three sizes: python bin/every_page.py URL FOLDER USER... (see bin/screenshots).

Follows the links from each person's first page and takes one page of each kind (addresses that differ in numbers only are
of a kind). Ends with 1 where a page is wider than its window, answers with an error, has a fault in its script, or asks
another host for something.
"""

import os
import re
import shutil
import sys
from collections import deque
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

from playwright.sync_api import Error, sync_playwright
from screenshots import FLAGS, PASSWORD

SIZES = {"1920x1080": (1920, 1080), "1366x768": (1366, 768), "390x844": (390, 844)}
START = {"desk": ("/", "/map/", "/screen/", "/duty/", "/papers/", "/registry/", "/scores/"), "admin": ("/admin/",)}
# No pages: files, what ends the session, the API, and forms of the admin beyond the list and the first row of each model.
LEFT_OUT = re.compile(r"\.(csv|xlsx|pdf|json|geojson|mvt)$|/logout/|/api/v1/|/file/|/files/|/export/|/jsi18n/|/history/$")
MOST_PAGES = 150
DRAWN = {"#bigmap": "#bigmap[data-drawn][data-still=yes], .without-map", "#screen": "#screen[data-drawn]"}  # not only loaded
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LINKS = "[...document.querySelectorAll('a[href]')].filter(a => !a.hasAttribute('download')).map(a => a.href)"


def kind_of(path: str) -> str:
    """Addresses of one kind have one name: numbers and random ids are taken out."""
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "id", path)
    return re.sub(r"(?<=/)\d+(?=/|$)", "n", path).strip("/") or "first"


class Visit:
    """One person's walk. `faults`: lines that say what is wrong where."""

    def __init__(self, browser, url, user, folder):
        self.url, self.user, self.folder = url.rstrip("/"), user, folder
        self.host, self.faults, self.where = urlsplit(url).netloc, [], ""
        width, height = SIZES["1366x768"]
        context = browser.new_context(base_url=url, viewport={"width": width, "height": height}, locale="zh-CN")
        self.page = context.new_page()
        self.page.on("pageerror", lambda error: self.say(f"script: {error}"))
        self.page.on("request", self._look)

    def say(self, fault):
        self.faults.append(f"{self.user} {self.where}: {fault}")

    def _look(self, request):
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self.host:
            self.say(f"asks {parts.netloc}")

    def log_in(self):
        self.where = "/login/"
        self.page.goto("/login/")
        self.page.fill("[name=username]", self.user)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("#content button[type=submit]")
        if self.page.url.endswith("/login/"):
            sys.exit(f"bin/screenshots: {self.user} cannot log in at {self.url}. Is it the demo county?")

    def walk(self):
        """How many kinds of page were taken."""
        self.log_in()
        waiting, seen = deque(START["admin" if self.user.startswith("admin") else "desk"]), set()
        while waiting and len(seen) < MOST_PAGES:
            address = waiting.popleft()
            kind = kind_of(urlsplit(address).path)
            if kind in seen:
                continue
            seen.add(kind)
            for link in self.take(address, kind):
                parts = urlsplit(urldefrag(urljoin(self.url + address, link))[0])
                if parts.netloc == self.host and not LEFT_OUT.search(parts.path) and kind_of(parts.path) not in seen:
                    waiting.append(parts.path + (f"?{parts.query}" if parts.query else ""))
        return len(seen)

    def take(self, address, kind) -> list[str]:
        self.where = address
        width, height = SIZES["1920x1080"]  # a map fits its county to the window that it opens in
        self.page.set_viewport_size({"width": width, "height": height})
        try:
            answer = self.page.goto(address, wait_until="load", timeout=60_000)
        except Error as error:
            if "Download is starting" not in str(error):
                self.say(str(error).splitlines()[0])
            return []
        closed = answer.status == 403 and address in (*START["desk"], *START["admin"])  # where not everybody may go
        if answer.status >= 400 and not closed:
            self.say(f"answers {answer.status}")
        if not (answer.header_value("content-type") or "").startswith("text/html"):
            return []
        links = self.page.evaluate(LINKS)
        for size, (width, height) in SIZES.items():
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.wait_for_timeout(350)
            for drawn in DRAWN:
                if self.page.query_selector(drawn):
                    self.page.wait_for_selector(DRAWN[drawn], timeout=30_000)
            self._keep(kind, size)
        return links

    def _keep(self, kind, size):
        if (wide := self.page.evaluate(WIDE)) > 0:
            self.say(f"{wide} px too wide at {size}")
        target = self.folder / size / f"{kind.replace('/', '.')}--{self.user}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=target)


def main(url, folder, *users):
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    faults, number = [], 0
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium, args=FLAGS, headless=True)
        for user in users:
            visit = Visit(browser, url, user, Path(folder))
            number += visit.walk()
            faults += visit.faults
        browser.close()
    lines = [f"{number} pages of {len(users)} people in {len(SIZES)} sizes: {folder}", *dict.fromkeys(faults)]
    print("\n".join(lines))  # noqa: T201
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
