// The wall screen: figures from the server, kept live, for one territory after another.
import "@fontsource/barlow-semi-condensed/latin-500.css";
import "@fontsource/barlow-semi-condensed/latin-600.css";
import "./styles/tokens.css";
import "./styles/screen.css";
import "./styles/screen-panels.css";
import { Line } from "./screen/line.js";
import { Drawing } from "./screen/map.js";
import { Round } from "./screen/round.js";
import { Panels } from "./screen/panels.js";
import { watchClock } from "./screen/clock.js";

const screen = document.getElementById("screen");
const words = JSON.parse(document.getElementById("screen-words").textContent);
const roots = new Set(JSON.parse(document.getElementById("screen-roots").textContent));
const asked = new URLSearchParams(window.location.search);
const state = { place: Number(screen.dataset.place), figures: null };

const address = (name, place) => screen.dataset[name].replace("/0/", `/${place}/`);
const panels = new Panels(screen, words, open);
const drawing = new Drawing(screen, words, open);
const line = new Line(screen, words, (place) => address("live", place), (place) => address("figures", place), draw);
const round = new Round(screen, words, (place) => open(place, { byRound: true }), () => line.fresh);

function draw(figures) {
  state.figures = figures;
  document.getElementById("place-name").textContent = figures.grid.name;
  document.title = document.title.replace(/^.*?(?= · )/, figures.grid.name);
  drawCrumbs(figures.crumbs);
  panels.draw(figures);
  drawing.colour(figures);
  round.know(figures);
  screen.dataset.drawn = figures.grid.id; // for whoever waits for the page to be there
}

function drawCrumbs(all) {
  const from = all.findIndex((one) => roots.has(one.id));
  const links = all.slice(Math.max(from, 0), -1).map((one) => {
    const link = document.createElement("a");
    link.href = pageOf(one.id);
    link.textContent = one.name;
    link.addEventListener("click", (event) => follow(event, one.id));
    return link;
  });
  document.getElementById("crumbs").replaceChildren(...links);
}

function pageOf(place) {
  const query = new URLSearchParams(window.location.search);
  return `${address("page", place)}${query.size ? `?${query}` : ""}`;
}

function follow(event, place) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(place);
}

/** Shows another territory without loading the page. A person's choice goes into the history, a round's does not. */
function open(place, { byRound = false, back = false } = {}) {
  if (place === state.place) return;
  state.place = place;
  if (!byRound) round.touched();
  if (!back) window.history[byRound ? "replaceState" : "pushState"]({ place }, "", pageOf(place));
  for (const link of document.querySelectorAll("[data-layout-link]")) {
    link.pathname = address("page", place);
  }
  line.open(place);
  drawing.load(address("drawing", place));
}

function up() {
  const crumbs = state.figures?.crumbs ?? [];
  const above = crumbs.at(-2);
  const from = crumbs.findIndex((one) => roots.has(one.id));
  if (above && from !== -1 && from < crumbs.length - 1) open(above.id);
}

function showKeys(wanted) {
  const box = document.getElementById("keys");
  box.hidden = wanted === undefined ? !box.hidden : !wanted;
  document.getElementById("keys-button").setAttribute("aria-expanded", String(!box.hidden));
}

function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen?.().catch(() => {});
}

const KEYS = {
  " ": () => round.toggle(),
  ArrowLeft: () => round.step(-1),
  ArrowRight: () => round.step(1),
  ArrowUp: up,
  Escape: () => (document.getElementById("keys").hidden ? up() : showKeys(false)),
  m: () => drawing.nextMeasure(),
  t: () => panels.trend.next(),
  f: fullScreen,
  "?": () => showKeys(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const onControl = event.target.closest("button, a, [tabindex]");
  if (event.key === " " && onControl) return; // it presses that one
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
window.addEventListener("popstate", (event) => {
  const place = event.state?.place ?? Number(screen.dataset.place);
  open(place, { back: true });
});
document.getElementById("keys-button").addEventListener("click", () => showKeys());
document.getElementById("full-button").addEventListener("click", fullScreen);
document.getElementById("round-button").addEventListener("click", () => round.toggle());
let resized = 0;
window.addEventListener("resize", () => {
  window.clearTimeout(resized);
  resized = window.setTimeout(() => state.figures && draw(state.figures), 150);
});

watchClock(words, () => state.figures && panels.tick(state.figures));
drawing.load(address("drawing", state.place));
line.open(state.place);
if (asked.has("round")) round.begin(Number(asked.get("round")) || undefined);
