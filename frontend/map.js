// Maps: grid outlines, events as pins with their light, one pin that can be set. Useful without any tiles.
import "leaflet/dist/leaflet.css";
import "./styles/map.css";
import L from "leaflet";
import { baseOf, drawSquare } from "./bigmap/basemap.js";

const SHAPES = {
  // The same shapes as the lights beside the words: never colour alone.
  green: '<svg viewBox="0 0 24 24"><circle cx="12" cy="12" r="8"/></svg>',
  yellow: '<svg viewBox="0 0 24 24"><path d="M12 3l10 17H2z"/></svg>',
  red: '<svg viewBox="0 0 24 24"><path d="M8 2.5h8L21.5 8v8L16 21.5H8L2.5 16V8z"/></svg>',
  house: '<svg viewBox="0 0 24 24"><path d="M12 3L2 12h3v9h14v-9h3z"/></svg>',
  "house-empty": '<svg viewBox="0 0 24 24"><path d="M12 3L2 12h3v9h14v-9h3z"/></svg>',
  pin: '<svg viewBox="0 0 24 32"><path d="M12 31C7 23 2 18 2 11.5a10 10 0 0 1 20 0C22 18 17 23 12 31z"/><circle cx="12" cy="11.5" r="3.8"/></svg>',
};

/** Tiles as they are, or redrawn where the base map has another coordinate system. */
function baseLayer(address, options) {
  const base = baseOf(address);
  if (base.plain) return L.tileLayer(base.url, options);
  const Redrawn = L.GridLayer.extend({
    createTile({ x, y, z }, done) {
      const canvas = document.createElement("canvas");
      drawSquare(base, { x, y, z }, canvas).then(() => done(null, canvas), done);
      return canvas;
    },
  });
  return new Redrawn(options);
}

function icon(light) {
  const pin = light === "pin";
  return L.divIcon({
    className: `map-mark map-mark-${light}`,
    html: SHAPES[light] || SHAPES.green,
    iconSize: pin ? [28, 38] : [20, 20],
    iconAnchor: pin ? [14, 37] : [10, 10],
    popupAnchor: [0, -10],
  });
}

function data(element, name) {
  const source = document.getElementById(element.dataset[name] || "");
  return source ? JSON.parse(source.textContent) : null;
}

function outlineStyle(feature) {
  const { level, color, own } = feature.properties || {};
  return {
    className: own ? "map-outline map-outline-own" : "map-outline",
    color: color || "#2b5f8a",
    weight: own ? 3 : level >= 4 ? 1 : 1.6,
    opacity: own ? 1 : 0.7,
    fillColor: color || "#2b5f8a",
    fillOpacity: own ? 0.12 : 0.04,
  };
}

function addOutlines(map, geojson) {
  if (!geojson) return null;
  const layer = L.geoJSON(geojson, {
    style: outlineStyle,
    onEachFeature(feature, shape) {
      const name = feature.properties && feature.properties.name;
      if (name) shape.bindTooltip(escapeText(name), { sticky: true, className: "map-name" });
    },
  });
  return layer.addTo(map);
}

function escapeText(words) {
  const box = document.createElement("span");
  box.textContent = words;
  return box.innerHTML;
}

function addPoints(map, points) {
  if (points && points.length > 120) map.getContainer().classList.add("map-crowded");
  for (const { lat, lng, light, title, url, place } of points || []) {
    const mark = L.marker([lat, lng], { icon: icon(light), title, alt: title, keyboard: true }).addTo(map);
    const words = `<strong>${escapeText(title)}</strong><br>${escapeText(place || "")}`;
    mark.bindPopup(url ? `<a href="${encodeURI(url)}">${words}</a>` : words);
    mark.on("popupopen", ({ popup }) => {
      const button = popup.getElement().querySelector(".leaflet-popup-close-button");
      if (button) button.setAttribute("aria-label", document.body.dataset.closeWords);
    });
  }
}

function fields(element) {
  const form = element.closest("form");
  return form && { lat: form.querySelector("[name=lat]"), lng: form.querySelector("[name=lng]") };
}

/** One pin that a click or a drag sets, tied to the fields lat and lng of the form around the map. */
function settablePin(map, element) {
  const inputs = fields(element);
  let pin = null;
  const place = (latlng, pan) => {
    inputs.lat.value = latlng.lat.toFixed(6);
    inputs.lng.value = latlng.lng.toFixed(6);
    if (pin) pin.setLatLng(latlng);
    else {
      pin = L.marker(latlng, { icon: icon("pin"), draggable: true, autoPan: true, alt: element.getAttribute("aria-label") }).addTo(map);
      pin.on("dragend", () => place(pin.getLatLng(), false));
    }
    if (pan) map.setView(latlng, Math.max(map.getZoom(), 15));
    inputs.lng.dispatchEvent(new Event("change", { bubbles: true }));
  };
  if (inputs.lat.value && inputs.lng.value) place(L.latLng(inputs.lat.value, inputs.lng.value), true);
  map.on("click", (event) => place(event.latlng, false));
  const button = element.closest("form").querySelector("[data-locate]");
  if (button && navigator.geolocation) {
    button.hidden = false;
    button.addEventListener("click", () => {
      navigator.geolocation.getCurrentPosition(({ coords }) => place(L.latLng(coords.latitude, coords.longitude), true));
    });
  }
}

function draw(element) {
  // Inside a folded block a map has no size yet: it is drawn when the block opens.
  if (element.dataset.drawn || !element.offsetParent) return;
  element.dataset.drawn = "1";
  const map = L.map(element, { attributionControl: Boolean(element.dataset.tiles), zoomControl: false, zoomSnap: 0.5, maxZoom: 19 });
  const { zoomIn, zoomOut } = document.body.dataset;
  L.control.zoom({ zoomInTitle: zoomIn, zoomOutTitle: zoomOut }).addTo(map);
  if (element.dataset.tiles) {
    map.attributionControl.setPrefix(false); // no link to another host but the tiles' own
    baseLayer(element.dataset.tiles, { attribution: element.dataset.attribution || "", maxZoom: 19 }).addTo(map);
  }
  const outlines = addOutlines(map, data(element, "outlines"));
  const points = data(element, "points") || [];
  addPoints(map, points);
  if (element.dataset.lat) {
    map.setView([element.dataset.lat, element.dataset.lng], 16);
    // The map's own name says what it shows: the pin leads nowhere and is no button.
    L.marker([element.dataset.lat, element.dataset.lng], { icon: icon("pin"), interactive: false, keyboard: false }).addTo(map);
    if (outlines) map.fitBounds(outlines.getBounds().extend([element.dataset.lat, element.dataset.lng]), { padding: [14, 14] });
  } else if (outlines && outlines.getBounds().isValid()) {
    map.fitBounds(outlines.getBounds(), { padding: [14, 14] });
  } else if (points.length) {
    map.fitBounds(points.map(({ lat, lng }) => [lat, lng]), { padding: [24, 24], maxZoom: 16 });
  } else if (element.dataset.homeLat) {
    map.setView([element.dataset.homeLat, element.dataset.homeLng], 16);
  } else {
    map.setView([27.65, 113.49], 10);
  }
  if (element.hasAttribute("data-pin")) settablePin(map, element);
  if (element.dataset.outlinesUrl) {
    fetch(element.dataset.outlinesUrl, { headers: { Accept: "application/json" } })
      .then((answer) => (answer.ok ? answer.json() : null))
      .then((geojson) => {
        const layer = addOutlines(map, geojson);
        if (layer && !element.dataset.lat && layer.getBounds().isValid()) map.fitBounds(layer.getBounds(), { padding: [14, 14] });
      })
      .catch(() => element.classList.add("map-without-outlines"));
  }
}

function drawAll(root) {
  root.querySelectorAll("[data-map]").forEach(draw);
}

drawAll(document);
document.addEventListener("toggle", (event) => drawAll(event.target), true);
document.body.addEventListener("htmx:load", (event) => drawAll(event.detail.elt.parentElement || document));
