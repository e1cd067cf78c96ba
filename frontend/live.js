// Open pages hear that events have changed, and offer to show it: nothing moves under somebody's hands.
// Regions: [data-live-region] with an id; [data-live-event] in them names the one event they are about;
// [data-live-careful] ones are left alone while somebody types in them; [data-live-desk] renews itself (desk/changes.js).
// A region within [data-live-url] is read from that address instead of the page's own.
const LOST_AFTER = 5000;
const WITHOUT_LIVE = 60000;
const SILENT_AFTER = 40000; // the server gives a sign of life every 15 s; a line that broke without a word is not noticed else
const SIGNS = ["hello", "changed", "warnings", "again", "here"];

const changed = new Set();
let everything = false;

function regions() {
  return [...document.querySelectorAll("[data-live-region]:not([data-live-desk])")].filter(concerns);
}

function concerns(region) {
  const one = region.dataset.liveEvent;
  return one ? everything || changed.has(Number(one)) : everything || changed.size > 0;
}

function isTypedIn(region) {
  return [...region.querySelectorAll("textarea, input:not([type=hidden])")].some((field) =>
    field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue,
  );
}

function refresh() {
  for (const region of regions()) {
    if ("liveCareful" in region.dataset && isTypedIn(region)) continue;
    const self = `#${region.id}`;
    const around = region.closest("[data-live-url]");
    const url = (around && around.dataset.liveUrl) || window.location.href;
    window.htmx.ajax("GET", url, { source: region, target: self, select: self, swap: "outerHTML" });
  }
  changed.clear();
  everything = false;
  show();
}

function show() {
  const bar = document.getElementById("live-bar");
  const found = regions();
  bar.hidden = found.length === 0;
  if (bar.hidden) return;
  const single = found.every((region) => region.dataset.liveEvent);
  const words = single ? bar.dataset.one : everything ? bar.dataset.all : bar.dataset.many.replace("{n}", changed.size);
  bar.querySelector("[data-words]").textContent = words;
}

function tell(facts) {
  if (facts.all) everything = true;
  for (const pk of facts.events || []) changed.add(pk);
  show();
  document.dispatchEvent(new CustomEvent("live:changed", { detail: facts }));
}

export function watchLive() {
  const frame = document.querySelector("[data-live]");
  if (!frame || !window.EventSource) return;
  const lost = document.getElementById("live-lost");
  let line = null;
  let newest = null;
  let heard = Date.now();
  let timer = 0;
  let missed = false;
  let without = false;
  const warn = () => document.dispatchEvent(new CustomEvent("live:warnings"));
  const say = (state) => {
    document.documentElement.dataset.line = state; // who cannot hear looks now and then (warnings.js)
  };

  function hear(next) {
    newest = next;
    for (const sign of SIGNS) {
      next.addEventListener(sign, () => {
        heard = Date.now();
      });
    }
    next.addEventListener("warnings", warn);
    next.addEventListener("hello", (event) => {
      say("open");
      const stamp = JSON.parse(event.data).warnings;
      const known = document.getElementById("warnings")?.dataset.stamp;
      if (known && stamp !== undefined && known !== String(stamp)) warn(); // raised while the page was on its way
      if (line && line !== next) line.close();
      line = next;
      window.clearTimeout(timer);
      timer = 0;
      frame.dataset.liveOn = ""; // from now on every change is told
      lost.hidden = true;
      if (missed) {
        tell({ all: true });
        warn();
      }
      missed = false;
    });
    next.addEventListener("changed", (event) => tell(JSON.parse(event.data)));
    next.addEventListener("again", () => hear(new EventSource(frame.dataset.live)));
    next.addEventListener("error", () => {
      if (next !== line && line !== null) return;
      say("lost");
      if (next.readyState === EventSource.CLOSED && line === null) {
        without = true; // the server offers no live line: the page is looked at every minute instead
        return;
      }
      if (next.readyState === EventSource.CLOSED) window.setTimeout(() => hear(new EventSource(frame.dataset.live)), LOST_AFTER);
      missed = true;
      delete frame.dataset.liveOn;
      timer ||= window.setTimeout(() => {
        lost.hidden = false;
      }, LOST_AFTER);
    });
  }

  function listenForSilence() {
    if (without || Date.now() - heard < SILENT_AFTER) return;
    heard = Date.now(); // the next one gets its time
    say("lost");
    missed = true;
    delete frame.dataset.liveOn;
    lost.hidden = false;
    line?.close();
    newest.close();
    hear(new EventSource(frame.dataset.live));
  }

  hear(new EventSource(frame.dataset.live));
  window.setInterval(listenForSilence, LOST_AFTER);
  document.getElementById("live-bar").addEventListener("click", refresh);
  window.setInterval(() => {
    if (without || !lost.hidden) tell({ all: true });
  }, WITHOUT_LIVE);
}
