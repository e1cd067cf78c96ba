// What has changed meanwhile: rows are renewed in their place at once, new ones are offered, counts follow. One request
// for all that was told within a few seconds, and none while nothing is told.
import { begin, replace, rowOf, rows, takeOver, count } from "./rows.js";

const PAUSE = 3000;
const waiting = new Set();
const fresh = new Set();
let much = false;
let timer = 0;
let last = 0;

const results = () => document.getElementById("results");

/** `ids` were changed by others: their rows say so. */
export function tell(facts) {
  if (facts.all) {
    much = true;
    offer();
    return;
  }
  for (const id of facts.events || []) waiting.add(String(id));
  if (!waiting.size || timer) return;
  timer = window.setTimeout(
    () => {
      timer = 0;
      last = Date.now();
      const ids = [...waiting];
      waiting.clear();
      renew(ids, true);
    },
    Math.max(0, last + PAUSE - Date.now()),
  );
}

/** Asks how these events stand now; `told` marks their rows as changed by somebody else. */
export async function renew(ids, told = false) {
  const here = new URL(window.location.href);
  const query = new URLSearchParams(results().dataset.query);
  if (here.searchParams.get("after")) query.set("after", here.searchParams.get("after"));
  query.set("home", document.getElementById("desk").dataset.home);
  query.set("ids", ids.join(","));
  query.set("shown", rows().map((row) => row.dataset.id).join(","));
  query.set("last", results().dataset.last);
  query.set("here", here.pathname + here.search);
  const answer = await fetch(`${document.getElementById("desk").dataset.changes}?${query}`).catch(() => null);
  if (!answer || !answer.ok || answer.redirected) return;
  const found = await answer.json();
  for (const [id, html] of Object.entries(found.rows)) replace(id, html, { told, gone: found.gone.includes(Number(id)) });
  for (const id of ids) {
    // Not among the rows any more that this person may see.
    if (rowOf(id) && !(id in found.rows)) lose(rowOf(id));
    fresh.delete(Number(id));
  }
  found.fresh.forEach((id) => fresh.add(id));
  found.counts.forEach(show);
  count();
  offer();
}

function lose(row) {
  row.dataset.gone = "";
  row.dataset.moves = "";
  row.querySelector('[data-mark="gone"]').hidden = false;
}

function show({ name, words, none }) {
  const tab = document.querySelector(`#rail [data-list="${name}"]`);
  if (!tab) return;
  tab.querySelector("b").textContent = words;
  tab.toggleAttribute("data-none", none);
  const heading = document.querySelector("[data-current-count]");
  if (heading && tab.hasAttribute("aria-current")) heading.textContent = words;
}

function offer() {
  const bar = document.getElementById("fresh-bar");
  bar.hidden = !much && fresh.size === 0;
  if (!bar.hidden) bar.querySelector("span").textContent = much ? bar.dataset.many : bar.dataset.words.replace("{n}", fresh.size);
}

/** Shows what is new: the list is loaded again around what one looks at. */
export async function showFresh() {
  const url = new URL(window.location.href);
  url.searchParams.delete("case");
  const answer = await fetch(url).catch(() => null);
  if (!answer || !answer.ok || answer.redirected) {
    window.location.reload();
    return;
  }
  takeOver(new DOMParser().parseFromString(await answer.text(), "text/html"));
  fresh.clear();
  much = false;
  offer();
}

export function watchChanges() {
  document.addEventListener("live:changed", (event) => tell(event.detail));
  document.getElementById("fresh-bar").addEventListener("click", showFresh);
  begin();
}
