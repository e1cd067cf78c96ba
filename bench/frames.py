"""The map page in Chromium: first useful paint, frames while panning and zooming. `python -m bench.frames`.

Serves the database of bench.tiles itself (Dongying's territory, a million events) with one worker and looks at it as the
county's operator; `--url` looks at a county that is served already. A try at a small size: `--place sanyuan --events 2000`.
Drawn in software. The paint counts from the request until outlines with their colours stand on the screen; frames are
counted by requestAnimationFrame. Browser, server and PostgreSQL share the cores.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import sync_playwright

from bench import tiles

ROOT = Path(__file__).resolve().parent.parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PAINT_MS, FRAMES = {"cold": 1500, "warm": 1500}, 30
TRIES = 3  # of each gesture; the middle one counts
WAIT_MS = 120_000
GESTURE = """async (how) => {
  const map = window.gridMap, times = [];
  let running = true;
  const step = (now) => { times.push(now); if (running) requestAnimationFrame(step); };
  requestAnimationFrame(step);
  const done = new Promise((go) => map.once("moveend", go));
  if (how === "pan") map.panBy([900, 500], { duration: 4000, easing: (t) => t });
  else map.zoomTo(map.getZoom() - 2, { duration: 4000, easing: (t) => t });
  await done;
  running = false;
  const gaps = times.slice(1).map((t, i) => t - times[i]).sort((a, b) => a - b);
  const seconds = (times.at(-1) - times[0]) / 1000;
  return { rate: (times.length - 1) / seconds, worst: gaps.at(-1), p95: gaps[Math.floor(gaps.length * 0.95)] };
}"""
# The fullest bubble in view: where the most is drawn.
FULLEST = """zoom => {
  const all = window.gridMap.queryRenderedFeatures({ layers: ["events-one", "events-bubble"] });
  const full = all.sort((a, b) => (b.properties.n ?? 1) - (a.properties.n ?? 1))[0];
  window.gridMap.jumpTo({ zoom, ...(full ? { center: full.geometry.coordinates } : {}) });
}"""
SEEN = """() => window.gridMap.queryRenderedFeatures({ layers: ["events-one", "events-bubble"] }).length"""


@contextmanager
def served(database: str):
    """The address of a server on this database, in demo mode: a browser takes no secure cookie without TLS."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        more = {"DATA_DIR": folder, "STATIC_ROOT": str(ROOT / "var/bench/static"), "LOG_LEVEL": "WARNING"}
        env = {**os.environ, **tiles.environment(database), **more}
        collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0", "--skip-checks"]
        subprocess.run(collect, cwd=ROOT, env=env, check=True)
        command = [
            sys.executable, "-m", "uvicorn", "gridcenter.asgi:application", "--host", "127.0.0.1", "--port", str(port),
            "--lifespan", "off", "--timeout-graceful-shutdown", "1", "--log-level", "warning", "--no-access-log",
        ]  # fmt: skip
        server = subprocess.Popen(command, cwd=ROOT, env=env)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(f"{url}/healthz", server)
            yield url
        finally:
            server.terminate()
            server.wait(20)


def _wait(url: str, server):
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError("The server does not answer.")


def look(url: str, options) -> list[dict]:
    """One line per figure: {name, value, unit, words, good}."""
    with sync_playwright() as player:
        browser = player.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=FLAGS, headless=True
        )
        page = browser.new_context(base_url=url, viewport={"width": 1366, "height": 768}, locale="zh-CN").new_page()
        page.set_default_timeout(WAIT_MS)
        _log_in(page, options)
        lines = [_paint(page, turn) for turn in PAINT_MS]
        page.evaluate(FULLEST, options.zoom)
        _still(page)
        print(f"{page.evaluate(SEEN)} marks of events in view")
        lines += [_gesture(page, how) for how in ("pan", "zoom")]
        browser.close()
    return lines


def _log_in(page, options):
    page.goto("/login/")
    page.fill("[name=username]", options.user)
    page.fill("[name=password]", options.password)
    page.click("#content button[type=submit]")
    page.wait_for_url(lambda url: "/login/" not in url)


def _still(page):
    page.wait_for_selector("#bigmap[data-drawn][data-still='yes']")


def _paint(page, turn: str) -> dict:
    page.goto("/map/")
    _still(page)
    at = page.evaluate("performance.getEntriesByName('map-painted')[0].startTime")
    words, good = f"≤ {PAINT_MS[turn]}", at <= PAINT_MS[turn]
    return {"name": f"first useful paint, {turn}", "value": round(at), "unit": "ms", "words": words, "good": good}


def _gesture(page, how: str) -> dict:
    tries, here = [], page.evaluate("() => ({ center: window.gridMap.getCenter(), zoom: window.gridMap.getZoom() })")
    for _turn in range(TRIES):
        tries.append(page.evaluate(GESTURE, how))
        page.evaluate("here => window.gridMap.jumpTo(here)", here)
        _still(page)
    got = sorted(tries, key=lambda one: one["rate"])[TRIES // 2]
    words, good = f"≥ {FRAMES}; p95 {got['p95']:.0f} ms, the longest {got['worst']:.0f} ms", got["rate"] >= FRAMES
    return {"name": f"frames a second, {how}", "value": round(got["rate"]), "unit": "", "words": words, "good": good}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="a county that is served already; without it one is served")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--place", default=tiles.PLACE, help="the demo county whose territory it is")
    parser.add_argument("--user", default="centre0001")
    parser.add_argument("--password", default="gridcenter-demo")
    parser.add_argument("--zoom", type=float, default=15)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.url:
        lines = look(options.url, options)
    else:
        with served(tiles.ensure(options.events, options.place)) as url:
            lines = look(url, options)
    for line in lines:
        print(f"{'ok ' if line['good'] else 'MISSED '} {line['name']:28} {line['value']:6} {line['unit']:3} {line['words']}")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        about = {"events": options.events, "place": options.place, "url": options.url}
        options.json.write_text(json.dumps({"options": about, "lines": lines}, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
