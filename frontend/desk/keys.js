// The keyboard: what is bound comes from the page (events/keys.py), and so does the list of keys that ? shows.
import { canBulk, openBulk } from "./bulk.js";
import { close, open } from "./beside.js";
import { showFresh } from "./changes.js";
import { current, moves, select, selectAll, selected, step, unselect } from "./rows.js";

const PREFIX_LASTS = 1500;
const ARROWS = { ArrowDown: "j", ArrowUp: "k" };
let prefix = "";
let since = 0;
let bound = { keys: [], tabs: {} };

export function say(words) {
  document.getElementById("desk-said").textContent = words;
  const toast = document.getElementById("desk-toast");
  toast.textContent = words;
  toast.hidden = false;
  window.clearTimeout(say.timer);
  say.timer = window.setTimeout(() => {
    toast.hidden = true;
  }, 4000);
}

const acts = {
  next: () => step(1),
  previous: () => step(-1),
  open: () => current() && open(current().dataset.id),
  page: () => current() && window.location.assign(current().querySelector(".title").href),
  close: () => close() || unselect(),
  select: () => current() && select(current(), current().getAttribute("aria-selected") !== "true"),
  all: selectAll,
  search: () => document.getElementById("desk-q").focus(),
  fresh: () => document.getElementById("fresh-bar").hidden || showFresh(),
  forward: () => document.querySelector("#results a[rel=next]")?.click(),
  help: () => document.getElementById("keys-dialog").showModal(),
  go: (name) => bound.tabs[name] && window.location.assign(bound.tabs[name]),
  step: takeStep,
};

function takeStep(action) {
  if (selected().length && canBulk(action)) {
    openBulk(action);
    return;
  }
  const row = current();
  if (row && moves(row).includes(action)) open(row.dataset.id, action);
  else say(document.getElementById("desk-said").dataset.notHere);
}

function isTyping(target) {
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  return target.matches("input") && !["checkbox", "radio", "button", "submit"].includes(target.type);
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
  const { target } = event;
  if (isTyping(target)) {
    if (event.key === "Escape") target.blur();
    return;
  }
  // On a link or a button Enter presses it; arrows belong to radio buttons and the page outside the list.
  if (event.key === "Enter" && target.closest("a, button, summary, label")) return;
  if (event.key in ARROWS && !target.closest(".row-event")) return;
  if (event.key === "Escape" && document.querySelector("details.menu[open]")) return;
  const key = ARROWS[event.key] || event.key;
  const whole = prefix && Date.now() - since < PREFIX_LASTS ? `${prefix} ${key}` : key;
  prefix = "";
  const found = bound.keys.find((one) => one.key === whole);
  if (found) {
    event.preventDefault();
    acts[found.act](found.on);
  } else if (bound.keys.some((one) => one.key.startsWith(`${whole} `))) {
    prefix = whole;
    since = Date.now();
  }
}

export function watchKeys() {
  bound = JSON.parse(document.getElementById("desk-bindings").textContent);
  document.addEventListener("keydown", press);
  const help = document.querySelector("[data-help]");
  help.hidden = false;
  help.addEventListener("click", acts.help);
}
