// The map's sources and layers. Words are drawn from the fonts of the machine: no glyph server is asked.
const FONT = ["Barlow Semi Condensed,PingFang SC,HarmonyOS Sans SC,Microsoft YaHei,Source Han Sans SC,Noto Sans CJK SC,sans-serif"];
const INK = "#14263a";
const SINGLE = ["all", ["==", ["get", "n"], 1], ["!=", ["id"], null]];
const CLUSTER = ["!", SINGLE];
const LIGHT = ["case", ["has", "red"], "light-red", ["has", "yellow"], "light-yellow", ["has", "green"], "light-green", ["has", "paused"], "light-paused", "light-done"];
const SHORT = ["case", [">=", ["get", "n"], 10000], ["concat", ["to-string", ["/", ["round", ["/", ["get", "n"], 1000]], 10]], "万"], ["to-string", ["get", "n"]]];
const TILED = ["grids", "units", "events", "heat", "workers", "buildings", "places"];
const FEWEST = { workers: 8, buildings: 14, places: 12 };

// Where a name may stand, in letters from the middle of its grid: the nearer, the sooner; never so far that it names a neighbour.
const ASIDE = ["center", [0, 0], "bottom", [0, 0.6], "top", [0, -0.6], "left", [-1.2, 0], "right", [1.2, 0], "bottom", [0, -0.6], "top", [0, 0.6], "left", [-0.4, 0], "right", [0.4, 0], "bottom", [0, -1.4], "top", [0, 1.4]];

/** Which layers of the map belong to a name in the layers menu. */
export const GROUPS = {
  events: ["events-bubble", "events-count", "events-late", "events-one"],
  heat: ["heat"],
  units: ["units"],
  places: ["places"],
  buildings: ["buildings", "buildings-name"],
  workers: ["workers"],
  base: ["base"],
};
export const CLICKABLE = ["events-one", "events-bubble", "workers", "units", "places", "buildings"];

export function style(settings, tileUrl) {
  const sources = {};
  for (const name of TILED) {
    sources[name] = { type: "vector", tiles: [tileUrl(name)], minzoom: FEWEST[name] || 0, maxzoom: settings.highest };
  }
  if (settings.base) sources.base = settings.base;
  return { version: 8, sources, layers: [...ground(settings), ...territory(), ...registry(), ...names(), ...events(), ...people()] };
}

function ground(settings) {
  const layers = [{ id: "ground", type: "background", paint: { "background-color": "#eef2f5" } }];
  if (settings.base) layers.push({ id: "base", type: "raster", source: "base", paint: { "raster-saturation": -0.35, "raster-opacity": 0.85 } });
  return layers;
}

function territory() {
  const grids = { source: "grids", "source-layer": "grids" };
  return [
    { id: "sisters", type: "fill", ...grids, paint: { "fill-color": "#ffffff", "fill-opacity": 0.45 } },
    { id: "children", type: "fill", ...grids, paint: { "fill-color": ["coalesce", ["feature-state", "colour"], "#ffffff"], "fill-opacity": ["case", ["boolean", ["feature-state", "hover"], false], 0.95, 0.8] } },
    { id: "unknown", type: "fill", ...grids, paint: { "fill-pattern": "hatch", "fill-opacity": 0.7 } },
    { id: "sisters-line", type: "line", ...grids, paint: { "line-color": "#9db0c2", "line-width": 0.8 } },
    { id: "children-line", type: "line", ...grids, paint: { "line-color": ["case", ["boolean", ["feature-state", "hover"], false], "#0f5ea8", "#ffffff"], "line-width": ["case", ["boolean", ["feature-state", "hover"], false], 3, 1.2] } },
    { id: "here-line", type: "line", ...grids, paint: { "line-color": "#10314f", "line-width": 2.4 } },
  ];
}

function registry() {
  const place = { "icon-allow-overlap": true, "icon-size": ["interpolate", ["linear"], ["zoom"], 12, 0.6, 16, 0.9] };
  const named = { "text-font": FONT, "text-size": 11.5, "text-offset": [0, 0.9], "text-anchor": "top", "text-optional": true };
  const halo = { "text-color": INK, "text-halo-color": "#ffffff", "text-halo-width": 1.4 };
  return [
    { id: "buildings", type: "circle", source: "buildings", "source-layer": "buildings", paint: { "circle-radius": ["interpolate", ["linear"], ["zoom"], 14, 1.6, 17, 4], "circle-color": "#5f7488", "circle-stroke-color": "#fff", "circle-stroke-width": 0.8 } },
    { id: "buildings-name", type: "symbol", source: "buildings", "source-layer": "buildings", minzoom: 16.5, layout: { ...named, "text-field": ["get", "name"] }, paint: halo },
    { id: "places", type: "symbol", source: "places", "source-layer": "places", layout: { ...place, ...named, "icon-image": "mark-place", "text-field": ["step", ["zoom"], "", 14, ["get", "name"]] }, paint: halo },
    { id: "units", type: "symbol", source: "units", "source-layer": "units", layout: { "icon-image": "mark-unit", "icon-size": 0.85, "icon-allow-overlap": false, ...named, "text-field": ["coalesce", ["get", "title"], ""] }, paint: halo },
  ];
}

function events() {
  const source = { source: "events", "source-layer": "events" };
  const count = { "text-font": FONT, "text-allow-overlap": true };
  const radius = ["interpolate", ["linear"], ["ln", ["get", "n"]], 0, 10, 2.3, 12, 4.6, 16, 6.9, 20, 9.2, 26, 11.5, 32];
  return [
    { id: "heat", type: "heatmap", source: "heat", "source-layer": "heat", paint: { "heatmap-weight": ["interpolate", ["linear"], ["ln", ["get", "n"]], 0, 0.15, 4, 0.6, 8, 1], "heatmap-radius": ["interpolate", ["linear"], ["zoom"], 6, 12, 12, 22, 17, 34], "heatmap-opacity": 0.7, "heatmap-intensity": 0.9, "heatmap-color": ["interpolate", ["linear"], ["heatmap-density"], 0, "rgba(28,90,151,0)", 0.2, "rgba(130,175,216,0.7)", 0.45, "#4c88bf", 0.7, "#e58374", 1, "#a01f25"] } },
    { id: "events-bubble", type: "circle", ...source, filter: CLUSTER, paint: { "circle-radius": radius, "circle-color": "#10314f", "circle-opacity": 0.86, "circle-stroke-color": "#ffffff", "circle-stroke-width": 1.6 } },
    { id: "events-count", type: "symbol", ...source, filter: CLUSTER, layout: { ...count, "text-field": SHORT, "text-size": 12.5, "text-padding": 5 }, paint: { "text-color": "#ffffff" } },
    { id: "events-one", type: "symbol", ...source, filter: SINGLE, layout: { "icon-image": LIGHT, "icon-allow-overlap": true, "icon-ignore-placement": true, "icon-size": ["interpolate", ["linear"], ["zoom"], 10, 0.75, 16, 1] , "symbol-sort-key": ["case", ["has", "red"], 3, ["has", "yellow"], 2, 1] } },
    { id: "events-late", type: "symbol", ...source, filter: ["all", CLUSTER, ["has", "red"]], layout: { ...count, "icon-image": "light-red", "icon-size": 0.72, "icon-offset": [22, -18], "icon-allow-overlap": true, "text-field": ["to-string", ["get", "red"]], "text-size": 12, "text-anchor": "left", "text-offset": [2.05, -1.1] }, paint: { "text-color": "#c22525", "text-halo-color": "#fff", "text-halo-width": 1.8 } },
  ];
}

/** What stands in later layers is placed first: a name steps aside for the bubbles, whose figures would hide it. */
function names() {
  return [
    { id: "names", type: "symbol", source: "grids", "source-layer": "names", layout: { "text-font": FONT, "text-field": ["get", "name"], "text-size": 13, "text-max-width": 7, "text-padding": 4, "text-line-height": 1.25, "text-variable-anchor-offset": ASIDE, "text-justify": "center" }, paint: { "text-color": INK, "text-halo-color": "rgba(255,255,255,0.92)", "text-halo-width": 1.6 } },
  ];
}

function people() {
  return [
    { id: "workers", type: "symbol", source: "workers", "source-layer": "workers", layout: { "icon-image": "mark-worker", "icon-size": 0.8, "icon-allow-overlap": true, "text-font": FONT, "text-field": ["step", ["zoom"], "", 12, ["get", "name"]], "text-size": 12, "text-anchor": "top", "text-offset": [0, 0.8], "text-optional": true }, paint: { "text-color": INK, "text-halo-color": "#fff", "text-halo-width": 1.6 } },
  ];
}
