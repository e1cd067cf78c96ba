// The rows of the list: which one is current, which are selected, and what becomes of them when events change.
import { above } from "../above.js";

const table = () => document.querySelector("#results .event-rows");
export const rows = () => [...document.querySelectorAll("#results .row-event")];
export const rowOf = (id) => document.getElementById(`event-${id}`);
export const current = () => document.querySelector('#results .row-event[tabindex="0"]');
export const selected = () => rows().filter((row) => box(row).checked);
const box = (row) => row.querySelector(".row-check");

/** One row is in the order of the tab key: the others are reached by arrows or j and k. */
export function setCurrent(row, focus = true) {
  for (const other of rows()) if (other !== row) other.tabIndex = -1;
  if (!row) return;
  row.tabIndex = 0;
  if (focus) {
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }
}

export function step(by) {
  const all = rows();
  const at = all.indexOf(current());
  const focused = document.activeElement && document.activeElement.closest(".row-event") === all[at];
  // The first press only shows where one stands.
  const next = at < 0 ? 0 : !focused && at === 0 && by > 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1);
  setCurrent(all[next]);
}

export function select(row, on) {
  box(row).checked = on;
  row.setAttribute("aria-selected", String(on));
  count();
}

export function selectAll() {
  const all = rows();
  const on = all.some((row) => !box(row).checked);
  all.forEach((row) => select(row, on));
}

export function unselect() {
  rows().forEach((row) => select(row, false));
}

/** The bar of selected rows: how many, and for how many of them each step is possible. */
export function count() {
  const chosen = selected();
  for (const row of rows()) row.setAttribute("aria-selected", String(box(row).checked));
  const all = document.getElementById("check-all");
  if (all) {
    all.checked = chosen.length > 0 && chosen.length === rows().length;
    all.indeterminate = chosen.length > 0 && !all.checked;
  }
  const bar = document.querySelector(".bulk-bar");
  if (!bar) return;
  bar.toggleAttribute("data-some", chosen.length > 0);
  const words = bar.querySelector("[data-count]");
  words.textContent = words.dataset.words.replace("{n}", chosen.length);
  for (const button of bar.querySelectorAll("[data-bulk-move]")) {
    const able = chosen.filter((row) => moves(row).includes(button.dataset.bulkMove)).length;
    const number = button.querySelector("b");
    number.hidden = able === 0;
    number.textContent = able;
    button.disabled = able === 0;
  }
}

export const moves = (row) => row.dataset.moves.split(" ");

function fromHtml(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html.trim();
  return holder.content.firstElementChild;
}

/** Puts the row as it stands now in the place of the old one: selection, focus and position stay. */
export function replace(id, html, { told, gone }) {
  const old = rowOf(id);
  if (!old) return;
  const fresh = fromHtml(html);
  const focused = old.contains(document.activeElement);
  fresh.tabIndex = old.tabIndex;
  fresh.querySelector(".row-check").checked = box(old).checked;
  fresh.toggleAttribute("data-opened", old.hasAttribute("data-opened"));
  fresh.querySelector('[data-mark="changed"]').hidden = !told || gone;
  fresh.querySelector('[data-mark="gone"]').hidden = !gone;
  fresh.toggleAttribute("data-gone", gone);
  old.replaceWith(fresh);
  if (focused) fresh.focus({ preventScroll: true });
}

/** Takes over the list of a page loaded anew. What one looks at stays where it is on the screen. */
export function takeOver(page) {
  const chosen = new Set(selected().map((row) => row.dataset.id));
  const known = new Set(rows().map((row) => row.dataset.id));
  const now = current();
  const anchor = now || rows().find((row) => row.getBoundingClientRect().bottom > above());
  const before = anchor && { id: anchor.dataset.id, top: anchor.getBoundingClientRect().top };
  const focused = now && now.contains(document.activeElement);
  const opened = document.querySelector("#results [data-opened]");
  document.getElementById("results").replaceWith(page.getElementById("results"));
  const rail = page.getElementById("rail");
  if (rail) document.getElementById("rail").replaceWith(rail);
  for (const row of rows()) {
    if (chosen.has(row.dataset.id)) box(row).checked = true;
    if (!known.has(row.dataset.id)) row.dataset.fresh = "";
  }
  if (opened && rowOf(opened.dataset.id)) rowOf(opened.dataset.id).dataset.opened = "";
  setCurrent((now && rowOf(now.dataset.id)) || rows()[0], Boolean(focused));
  const kept = before && rowOf(before.id);
  if (kept && window.scrollY > 0) window.scrollBy(0, kept.getBoundingClientRect().top - before.top);
  begin();
}

export function begin() {
  document.dispatchEvent(new CustomEvent("rows:new"));
  const all = document.getElementById("check-all");
  if (all) all.hidden = false;
  if (table() && !current()) setCurrent(rows()[0], false);
  count();
}
