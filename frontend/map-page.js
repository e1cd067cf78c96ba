// The map page: drilling down, layers, drawer, search, the days gone by. What is drawn comes as vector tiles.
import "maplibre-gl/dist/maplibre-gl.css";
import "./styles/bigmap.css";
import { addProtocol, AttributionControl, Map as GLMap, NavigationControl, Popup, ScaleControl, setWorkerUrl } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { CLICKABLE, GROUPS, style } from "./bigmap/layers.js";
import { addMarks } from "./bigmap/marks.js";
import { colourOf } from "./bigmap/colours.js";
import { watchTime } from "./bigmap/time.js";
import { watchSearch } from "./bigmap/search.js";
import { baseOf, drawSquare } from "./bigmap/basemap.js";
import { keepSmooth } from "./bigmap/smooth.js";

const root = document.getElementById("bigmap");
const settings = JSON.parse(document.getElementById("map-settings").textContent);
const panel = document.getElementById("map-panel");
const drawer = document.getElementById("map-drawer");
const drawerBody = document.getElementById("drawer-body");
const CALM = matchMedia("(prefers-reduced-motion: reduce)").matches;
const RENEW_MS = 60_000;
const PADDING = { top: 64, bottom: 76, left: 30, right: 30 }; // beside search, layers and the days

let map = null;
let data = readData();
let window_ = ""; // the query of the chosen days
let drawerShut = false; // closed by hand: it opens again when asked for
let painted = [];
let hovered = null;
let steered = false; // somebody has moved the map: it stays where they put it
let size = "";
let sign = null; // at the spot that was searched for

const address = (template, pk) => template.replace("/0/", `/${pk}/`);
const tileUrl = (name) => location.origin + settings.tiles.replace("{layer}", name) + (window_ && (name === "events" || name === "heat") ? `?${window_}` : "");

function readData() {
  return JSON.parse(document.getElementById("map-data").textContent);
}

// ---- where one is

function pageUrl(pk, measure = data.measure.code) {
  const query = new URLSearchParams(location.search);
  query.set("measure", measure);
  return `${address(settings.grid, pk)}?${query}`;
}

async function part(url) {
  const answer = await fetch(url, { headers: { "X-Part": "panel" } });
  if (answer.redirected || !answer.ok) throw new Error(`${answer.status}`);
  return answer.text();
}

/** Shows the grid at `url`; `fit`: also go there on the map. */
async function show(url, { push = true, fit = true, focus = false } = {}) {
  let html;
  try {
    html = await part(url);
  } catch {
    location.assign(url); // a login page, an error: whole, with its words
    return;
  }
  if (push) history.pushState({}, "", url);
  const scrolled = panel.scrollTop;
  const moved = data.grid.id;
  panel.innerHTML = html;
  data = readData();
  document.title = document.title.replace(/^.*? · /, `${data.grid.name} · `);
  paintSwatches();
  if (moved === data.grid.id) panel.scrollTop = scrolled;
  else panel.scrollTop = 0;
  if (focus) panel.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  if (map?.isStyleLoaded() || painted.length) {
    paint();
    if (fit && moved !== data.grid.id) fitHere();
  }
}

async function go(pk, { about = true } = {}) {
  await show(pageUrl(pk));
  if (about && data.grid.level > 0 && (!drawerShut || !data.children.length)) await openDrawer(address(settings.about, pk));
}

// ---- drawing

function fitHere() {
  if (!map || !data.grid.box) return;
  steered = false;
  const [west, south, east, north] = data.grid.box;
  map.fitBounds([[west, south], [east, north]], { padding: PADDING, maxZoom: 16.5, duration: CALM ? 0 : 450 });
}

/** With another size of the map the territory is fitted again. The map tells of other pixels (smooth.js), too: they are no size. */
function resized() {
  const { clientWidth, clientHeight } = map.getContainer();
  const now = `${clientWidth} × ${clientHeight}`;
  if (now === size) return;
  size = now;
  if (!steered) fitHere();
}

/** Goes to a spot inside the territory, and stays there. */
function easeTo(spot, zoom) {
  steered = true;
  map.easeTo({ center: spot, zoom, duration: CALM ? 0 : 450 });
}

function paintSwatches() {
  for (const swatch of panel.querySelectorAll(".swatch")) {
    const { class: number, colour } = swatch.dataset;
    if (colour) swatch.style.backgroundColor = colour;
    else if (number) swatch.style.backgroundColor = colourOf({ number: Number(number), ...data, ...data.measure });
  }
}

function paint() {
  const { grid, children, measure } = data;
  const leaf = !children.length;
  const mine = ["==", ["get", "parent"], grid.id];
  const sisters = ["==", ["get", "parent"], grid.parent ?? -1];
  for (const id of painted) map.removeFeatureState({ source: "grids", sourceLayer: "grids", id });
  painted = children.map(({ id }) => id);
  for (const { id, number, colour } of children) {
    const fill = measure.kind === "plain" ? colour : colourOf({ number, classes: data.classes, zero: data.zero, ...measure });
    map.setFeatureState({ source: "grids", sourceLayer: "grids", id }, { colour: fill });
  }
  const unknown = measure.kind === "plain" ? [] : children.filter(({ number }) => number === null).map(({ id }) => id);
  map.setFilter("children", mine);
  map.setFilter("children-line", mine);
  map.setFilter("unknown", ["in", ["id"], ["literal", unknown]]);
  map.setFilter("sisters", sisters);
  map.setFilter("sisters-line", sisters);
  map.setFilter("here-line", ["==", ["id"], grid.id]);
  map.setFilter("names", leaf ? sisters : mine);
  map.setLayoutProperty("names", "text-field", label());
}

/** Name, value and what is late: the same as a row of the list. */
function label() {
  const { children, measure } = data;
  if (!children.length) return ["get", "name"];
  const withEvents = document.querySelector("#map-layers [name=events]").checked; // their marks say what is late
  const words = ["match", ["id"]];
  const late = ["match", ["id"]];
  for (const child of children) {
    words.push(child.id, child.words);
    late.push(child.id, child.late && measure.code !== "late" && !withEvents ? ` ${child.late}` : "");
  }
  words.push("");
  late.push("");
  const sign = ["case", ["!=", late, ""], ["image", "light-red"], ["image", ""]];
  return ["format", ["get", "name"], {}, "\n", {}, words, { "font-scale": 1.2 }, ["case", ["!=", late, ""], "  ", ""], {}, sign, {}, late, { "font-scale": 1.05, "text-color": "#c22525" }];
}

// ---- the drawer

async function openDrawer(url) {
  const answer = await fetch(url);
  if (!answer.ok || answer.redirected) return;
  drawerBody.innerHTML = await answer.text();
  drawer.hidden = false;
  drawer.scrollTop = 0;
  root.classList.add("with-drawer");
  map?.resize();
}

function closeDrawer() {
  drawer.hidden = true;
  drawerShut = true;
  root.classList.remove("with-drawer");
  map?.resize();
}

// ---- pointing

function clicked(event) {
  const [hit] = map.queryRenderedFeatures(event.point, { layers: CLICKABLE.filter((id) => map.getLayer(id)) });
  if (hit) return touch(hit, event.lngLat);
  const grids = map.queryRenderedFeatures(event.point, { layers: ["children", "sisters"] });
  const next = grids.find(({ properties }) => properties.parent === data.grid.id) || grids.find(({ id }) => id !== data.grid.id);
  if (next) go(next.id);
}

function touch(hit, at) {
  const { layer, properties, geometry, id } = hit;
  if (layer.id === "events-one") return openDrawer(address(settings.event, id));
  if (layer.id === "events-bubble") return easeTo(geometry.coordinates, Math.min(map.getZoom() + 2, 17.5));
  if (layer.id === "units") return openDrawer(address(settings.about, id));
  const words = document.createElement("div");
  const name = document.createElement("strong");
  name.textContent = properties.name || "";
  words.append(name);
  if (layer.id === "workers") words.append(document.createElement("br"), clock(properties.minute));
  if (properties.name) new Popup({ closeButton: false, maxWidth: "16rem" }).setLngLat(at).setDOMContent(words).addTo(map);
}

const clock = (minute) => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

function hover(event) {
  const [hit] = map.queryRenderedFeatures(event.point, { layers: ["children"] });
  const at = hit?.properties.parent === data.grid.id ? hit.id : null;
  map.getCanvas().style.cursor = hit || map.queryRenderedFeatures(event.point, { layers: CLICKABLE }).length ? "pointer" : "";
  mark(at);
}

function mark(id) {
  if (!map || id === hovered) return;
  const state = (key, on) => map.setFeatureState({ source: "grids", sourceLayer: "grids", id: key }, { hover: on });
  if (hovered !== null) state(hovered, false);
  if (id !== null) state(id, true);
  for (const row of panel.querySelectorAll("tr.is-near")) row.classList.remove("is-near");
  if (id !== null) panel.querySelector(`tr[data-row="${id}"]`)?.classList.add("is-near");
  hovered = id;
}

// ---- layers and days

function showLayers() {
  const on = new Set();
  for (const box of document.querySelectorAll("#map-layers input")) {
    if (box.checked) on.add(box.name);
    for (const id of GROUPS[box.name] || []) {
      if (map?.getLayer(id)) map.setLayoutProperty(id, "visibility", box.checked ? "visible" : "none");
    }
  }
  return on;
}

function keepInAddress(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  history.replaceState({}, "", `${location.pathname}?${query}`);
}

function renewTiles(names) {
  for (const name of names) map?.getSource(name)?.setTiles([tileUrl(name)]);
}

function choose(query) {
  window_ = query;
  const chosen = new URLSearchParams(query);
  keepInAddress({ day: chosen.get("day"), span: chosen.get("span") });
  renewTiles(["events", "heat"]);
}

// ---- begin

function canDraw() {
  try {
    return Boolean(document.createElement("canvas").getContext("webgl2"));
  } catch {
    return false;
  }
}

function withoutMap() {
  document.getElementById("map-none").hidden = false;
  root.classList.add("without-map");
}

/** The raster source of the base map; squares in another coordinate system are redrawn on the way. */
function baseSource({ url, attribution }) {
  const base = baseOf(url);
  const source = { type: "raster", tileSize: 256, maxzoom: 18, attribution: attribution || "" };
  if (base.plain) return { ...source, tiles: [base.url] };
  addProtocol("redrawn", async ({ url: square }) => {
    const [z, x, y] = square.slice("redrawn://".length).split("/").map(Number);
    const canvas = document.createElement("canvas");
    await drawSquare(base, { z, x, y }, canvas);
    const blob = await new Promise((done) => canvas.toBlob(done));
    return { data: await blob.arrayBuffer() };
  });
  return { ...source, tiles: ["redrawn://{z}/{x}/{y}"] };
}

function begin() {
  setWorkerUrl(workerUrl);
  if (settings.base) settings.base = baseSource(settings.base);
  const box = data.grid.box;
  map = new GLMap({
    container: "map-canvas",
    style: style(settings, tileUrl),
    ...(box ? { bounds: [[box[0], box[1]], [box[2], box[3]]], fitBoundsOptions: { padding: PADDING, maxZoom: 16.5 } } : {}),
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    maxPitch: 0,
    maxZoom: 19,
    renderWorldCopies: false,
    fadeDuration: 0,
    locale: { "NavigationControl.ZoomIn": document.body.dataset.zoomIn, "NavigationControl.ZoomOut": document.body.dataset.zoomOut },
  });
  window.gridMap = map; // for measuring frames (bench/frames)
  keepSmooth(map);
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "bottom-right");
  map.addControl(new ScaleControl({ maxWidth: 90 }), "bottom-left");
  if (settings.base?.attribution) map.addControl(new AttributionControl({ compact: false }), "bottom-left");
  map.on("style.load", () => {
    addMarks(map);
    paint();
    showLayers();
  });
  const outlined = () => {
    if (!map.getLayer("children") || !map.queryRenderedFeatures({ layers: ["children", "sisters"] }).length) return;
    performance.mark("map-painted"); // the first useful paint (bench/frames.py)
    map.off("render", outlined);
  };
  map.on("render", outlined);
  map.on("idle", () => {
    root.dataset.drawn = "yes";
    root.dataset.still = "yes";
  });
  for (const sign of ["movestart", "dataloading"]) map.on(sign, () => (root.dataset.still = "no"));
  map.on("movestart", ({ originalEvent }) => (steered ||= Boolean(originalEvent)));
  map.on("resize", resized);
  map.on("click", clicked);
  map.on("mousemove", hover);
  map.on("mouseout", () => mark(null));
}

paintSwatches();
const asked = new URLSearchParams(location.search);
for (const box of document.querySelectorAll("#map-layers input")) {
  if (asked.has("layers")) box.checked = asked.get("layers").split(",").includes(box.name);
}
watchTime(settings, asked, (query) => (map ? choose(query) : (window_ = query)));
if (canDraw()) begin();
else withoutMap();

document.getElementById("map-layers").addEventListener("change", () => {
  keepInAddress({ layers: [...showLayers()].join(",") || "none" });
  map?.setLayoutProperty("names", "text-field", label());
});
panel.addEventListener("change", (event) => event.target.id === "measure" && show(pageUrl(data.grid.id, event.target.value)));
root.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-grid], a[data-about]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.dataset.about) openDrawer(address(settings.about, link.dataset.about)).then(() => drawer.focus());
  else go(Number(link.dataset.grid)).then(() => flyTo(link));
});
panel.addEventListener("mouseover", (event) => mark(Number(event.target.closest("tr[data-row]")?.dataset.row) || null));
document.getElementById("drawer-close").addEventListener("click", closeDrawer);
document.addEventListener("keydown", (event) => event.key === "Escape" && !drawer.hidden && closeDrawer());
addEventListener("popstate", () => show(location.href, { push: false }));
watchSearch();

/** To the spot of a hit of the search, with its name. */
function flyTo(link) {
  if (!map || !link.dataset.lon) return;
  const spot = [Number(link.dataset.lon), Number(link.dataset.lat)];
  easeTo(spot, 17);
  sign?.remove();
  sign = new Popup({ closeButton: false, maxWidth: "16rem" }).setLngLat(spot).setText(link.querySelector("strong").textContent).addTo(map);
}

setInterval(() => {
  if (document.hidden) return;
  if (!window_) renewTiles(["events", "heat"]);
  if (map?.getLayer("workers")) renewTiles(["workers"]);
  if (!panel.contains(document.activeElement)) show(location.href, { push: false, fit: false });
}, RENEW_MS);
