"""The map page in Chromium, drawn in software: first useful paint, frames while panning and zooming.

`python bench/frames.py http://127.0.0.1:8000 [--zoom 15]`, against a served demo county. The paint counts from
the request until outlines with their colours stand on the screen; frames are counted by requestAnimationFrame.
"""

import argparse
import shutil

from playwright.sync_api import sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FRAMES = """async (how) => {
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
SEEN = """() => window.gridMap.queryRenderedFeatures({ layers: ["events-one", "events-bubble"] })
  .reduce((all, one) => all + 1, 0)"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--user", default="centre0001")
    parser.add_argument("--password", default="gridcenter-demo")
    parser.add_argument("--zoom", type=float, default=15)
    options = parser.parse_args()
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS, headless=True)
        context = browser.new_context(base_url=options.url, viewport={"width": 1366, "height": 768}, locale="zh-CN")
        page = context.new_page()
        page.goto("/login/")
        page.fill("[name=username]", options.user)
        page.fill("[name=password]", options.password)
        page.click("#content button[type=submit]")
        page.wait_for_url(lambda url: "/login/" not in url)
        for turn in ("cold", "warm"):
            page.goto("/map/")
            page.wait_for_selector("#bigmap[data-drawn]", timeout=120_000)
            at = page.evaluate("performance.getEntriesByName('map-painted')[0].startTime")
            print(f"first useful paint, {turn}: {at:.0f} ms after the request")
        page.evaluate("zoom => window.gridMap.jumpTo({ zoom })", options.zoom)
        page.wait_for_selector("#bigmap[data-still='yes']", timeout=120_000)
        print(f"marks of events in view: {page.evaluate(SEEN)}")
        for how in ("pan", "zoom"):
            got = page.evaluate(FRAMES, how)
            print(f"{how}: {got['rate']:.0f} frames a second, p95 {got['p95']:.0f} ms, the longest {got['worst']:.0f} ms")
        browser.close()


if __name__ == "__main__":
    main()
