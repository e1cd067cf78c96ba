"""Pictures of the demo county's pages: python bin/screenshots.py http://127.0.0.1:8000 (see bin/screenshots)."""

import io
import os
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
PASSWORD = "gridcenter-demo"  # noqa: S105 — the demo's, printed by bin/demo
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
DESK, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
MOST_BYTES = 300_000
WALL, LARGE_WALL = {"width": 1920, "height": 1080}, {"width": 3840, "height": 2160}
OPERATOR, WORKER, LEADER = "centre0001", "worker0001", "leader0001"


def log_in(browser, url, user, size):
    context = browser.new_context(base_url=url, viewport=size, locale="zh-CN")
    page = context.new_page()
    page.goto("/login/")
    page.fill("[name=username]", user)
    page.fill("[name=password]", PASSWORD)
    page.click("#content button[type=submit]")
    if page.url.endswith("/login/"):
        sys.exit(f"bin/screenshots: {user} cannot log in at {url}. Is it the demo county?")
    return page


def shot(page, path=None) -> Image.Image:
    if path:
        page.goto(path)
    page.wait_for_load_state("load")
    page.wait_for_timeout(700)  # what htmx and the map fetch; the page's open line never lets the network rest
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def save(name, picture):
    """As PNG; with fewer colours if it would be too large."""
    target = IMAGES / f"{name}.png"
    for colours in (None, 256, 128, 64):
        made = picture.quantize(colours, dither=Image.Dither.NONE) if colours else picture
        made.save(target, optimize=True)
        if target.stat().st_size < MOST_BYTES:
            break
    print(f"{target.name} {target.stat().st_size // 1000} kB")  # noqa: T201


def beside(*pictures) -> Image.Image:
    gap = 24
    wide = sum(p.width for p in pictures) + gap * (len(pictures) + 1)
    sheet = Image.new("RGB", (wide, max(p.height for p in pictures) + 2 * gap), "#dde3ea")
    left = gap
    for picture in pictures:
        sheet.paste(picture, (left, gap))
        left += picture.width + gap
    return sheet


def first_event(page, query):
    """Address of the first event of a list; of any event if the list is empty."""
    for path in (f"/events/?{query}", "/events/"):
        page.goto(path)
        link = page.query_selector(".row-event a.title")
        if link:
            return link.get_attribute("href")
    sys.exit("bin/screenshots: there is no event in this county.")


def desk_pictures(browser, url):
    page = log_in(browser, url, OPERATOR, DESK)
    save("work", shot(page, "/"))
    save("list", shot(page, "/events/?order=urgent&open=yes"))
    save("detail", shot(page, first_event(page, "worklist=mine&status=reported&order=urgent")))
    save("record", shot(page, first_event(page, "status=evaluated&kind=component")))
    save("grid", shot(page, "/grids/"))
    page.goto("/scores/")
    ranking = page.query_selector("table a.figure-text")
    if ranking:
        save("ranking", shot(page, ranking.get_attribute("href")))
        save("scorecard", shot(page, page.query_selector("tbody td:nth-child(2) a").get_attribute("href")))


def registry_pictures(browser, url):
    """The search as one types, a tall building's face, a person, what is due, what cannot be right."""
    page = log_in(browser, url, OPERATOR, DESK)
    page.goto("/registry/?q=1801")
    doors = [link.get_attribute("href") for link in page.query_selector_all("#found a[href*='/dwellings/']")]
    if not doors:  # a county without a registry
        sys.exit("bin/screenshots: there is no registry in this county.")
    save("registry-search", shot(page))
    page.goto(doors[0])
    building = page.query_selector("a[href*='/registry/buildings/']").get_attribute("href")
    save("building", shot(page, building))
    page.goto(page.query_selector("a[href*='/registry/households/'], a[href*='/registry/dwellings/']").get_attribute("href"))
    save("resident", shot(page, page.query_selector("a[href*='/registry/residents/']").get_attribute("href")))
    save("due", shot(page, "/registry/due/"))
    save("quality", shot(page, "/registry/quality/"))


def wall_pictures(browser, url):
    """The three compositions of the wall screen, the leader's also on a wall of 3840 × 2160, one of a street."""
    page = log_in(browser, url, LEADER, WALL)
    for layout in ("leader", "street", "emergency"):
        save(f"screen-{layout}", wall_shot(page, f"/screen/?layout={layout}"))
    page.set_viewport_size(LARGE_WALL)
    save("screen-3840", wall_shot(page, "/screen/?layout=leader"))


def wall_shot(page, path) -> Image.Image:
    """A wall is never idle: its line stays open."""
    page.goto(path)
    page.wait_for_selector("#screen[data-drawn]", timeout=60_000)
    page.wait_for_selector(".area", timeout=60_000)
    page.wait_for_timeout(1000)
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def phone_pictures(browser, url):
    work = shot(log_in(browser, url, OPERATOR, PHONE), "/")
    page = log_in(browser, url, WORKER, PHONE)
    report = shot(page, "/events/report/")
    record = shot(page, first_event(page, "order=newest"))
    save("phone", beside(work, report, record))


def main(url):
    IMAGES.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium, args=FLAGS, headless=True)
        save("login", shot(browser.new_page(base_url=url, viewport=DESK, locale="zh-CN"), "/login/"))
        desk_pictures(browser, url)
        registry_pictures(browser, url)
        phone_pictures(browser, url)
        wall_pictures(browser, url)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8000")
