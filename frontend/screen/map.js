// The territory's parts, coloured by a measure, with marks where events are late. Drawn by the server in whole units.
import { fill, levelName, number, percent } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";
const CLASSES = 5;

export function make(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Upper ends of at most `count` classes of about as many parts each, from values above zero; whole numbers. */
function breaks(values, count) {
  const sorted = values.filter((value) => value > 0).sort((a, b) => a - b);
  if (sorted.length === 0) return [];
  const ends = new Set();
  for (let k = 1; k <= count; k += 1) ends.add(sorted[Math.ceil((k * sorted.length) / count) - 1]);
  return [...ends].sort((a, b) => a - b);
}

const MEASURES = {
  late: { value: (part) => part.late, label: (part) => number(part.late), ends: (values) => breaks(values, CLASSES - 1), tone: "late" },
  open: { value: (part) => part.open, label: (part) => number(part.open), ends: (values) => breaks(values, CLASSES - 1), tone: "open" },
  closing: {
    value: (part) => part.rate,
    label: (part) => (part.rate === null ? "—" : `${percent(part.rate)}%`),
    ends: () => [0.8, 0.9, 0.95, 0.99],
    tone: "rate",
  },
};

export class Drawing {
  constructor(screen, words, open) {
    Object.assign(this, { screen, words, open });
    this.panel = document.querySelector('[data-panel="map"]');
    this.measure = screen.dataset.measure;
    this.drawing = null;
    this.figures = null;
    if (!this.panel) return;
    this.svg = this.panel.querySelector("svg.map-drawing");
    for (const button of this.panel.querySelectorAll("[data-measure]")) {
      button.addEventListener("click", () => this.choose(button.dataset.measure));
    }
  }

  choose(measure) {
    this.measure = measure;
    for (const button of this.panel.querySelectorAll("[data-measure]")) {
      button.setAttribute("aria-pressed", String(button.dataset.measure === measure));
    }
    if (this.figures) this.colour(this.figures);
  }

  nextMeasure() {
    if (!this.panel) return;
    const names = Object.keys(MEASURES);
    this.choose(names[(names.indexOf(this.measure) + 1) % names.length]);
  }

  async load(address) {
    if (!this.panel) return;
    this.asked = address;
    for (let wait = 1000; this.asked === address; wait = Math.min(wait * 2, 30_000)) {
      try {
        const answer = await fetch(address);
        if (answer.ok) {
          const drawing = await answer.json();
          if (this.asked !== address) return;
          this.drawing = drawing;
          this.outline();
          if (this.figures) this.colour(this.figures);
          return;
        }
        if (answer.status < 500) return;
      } catch {
        // The server is away: the line says so, and the outlines are asked for again.
      }
      await new Promise((done) => window.setTimeout(done, wait));
    }
  }

  outline() {
    const { parts, width, height } = this.drawing;
    const empty = this.panel.querySelector(".panel-empty");
    empty.hidden = parts.length > 0;
    empty.textContent = this.words.no_parts;
    const pad = 150;
    this.svg.setAttribute("viewBox", `${-pad} ${-pad} ${width + 2 * pad} ${height + 2 * pad}`);
    this.areas = new Map();
    const areas = make("g", { class: "areas" });
    for (const part of parts) {
      const path = make("path", { d: part.d, class: "area", tabindex: "0", role: "button" });
      const goTo = () => this.open(part.id);
      path.addEventListener("click", goTo);
      path.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") goTo();
      });
      this.areas.set(part.id, path);
      areas.append(path);
    }
    this.marks = make("g", { class: "marks", "aria-hidden": "true" });
    this.labels = make("g", { class: "labels", "aria-hidden": "true" });
    this.svg.replaceChildren(areas, this.marks, this.labels);
  }

  colour(figures) {
    this.figures = figures;
    if (!this.panel || !this.drawing) return;
    const title = this.panel.querySelector("[data-pattern]");
    if (figures.parts_level) title.textContent = fill(title.dataset.pattern, { level: levelName(figures.parts_level, this.words) });
    const measure = MEASURES[this.measure];
    const parts = new Map(figures.children.map((part) => [part.id, part]));
    const values = figures.children.map(measure.value);
    const ends = measure.ends(values);
    for (const [id, path] of this.areas) {
      const part = parts.get(id);
      const value = part ? measure.value(part) : null;
      path.dataset.tone = measure.tone;
      path.dataset.class = classOf(value, ends, measure.tone);
      path.setAttribute("aria-label", part ? this.spoken(part) : "");
    }
    this.legend(ends, measure);
    this.mark(figures.marks);
    this.write(parts, measure);
  }

  spoken(part) {
    return `${fill(this.words.to_open, { name: part.name })}: ${fill(this.words.late_n, { n: part.late })}, ${fill(this.words.open_n, { n: part.open })}`;
  }

  legend(ends, measure) {
    const items = [];
    const add = (tone, cls, words) => {
      const item = document.createElement("li");
      const sign = document.createElement("i");
      sign.dataset.tone = tone;
      sign.dataset.class = cls;
      item.append(sign, words);
      items.push(item);
    };
    if (measure.tone === "rate") {
      const shown = ends.map((end) => `${Math.round(end * 100)}%`);
      add("rate", 0, `< ${shown[0]}`);
      ends.forEach((_end, k) => add("rate", k + 1, `≥ ${shown[k]}`));
    } else {
      add(measure.tone, 0, "0");
      ends.forEach((end, k) => {
        const from = k ? ends[k - 1] + 1 : 1;
        add(measure.tone, k + 1, from === end ? `${end}` : `${from}–${end}`);
      });
    }
    const mark = document.createElement("li");
    const sign = document.createElement("i");
    sign.className = "mark-sign";
    mark.append(sign, this.words.mark);
    this.panel.querySelector(".legend").replaceChildren(...items, mark);
  }

  /** Units of the drawing for a length on the screen, in rem. */
  unit() {
    const box = this.svg.getBoundingClientRect();
    const [, , width, height] = this.svg.getAttribute("viewBox").split(" ").map(Number);
    const pixels = Math.min(box.width / width, box.height / height) || 0.1;
    return parseFloat(getComputedStyle(document.documentElement).fontSize) / pixels;
  }

  mark(points) {
    const { frame } = this.drawing;
    if (!frame) return;
    const rem = this.unit();
    const r = 0.28 * rem;
    this.marks.replaceChildren(
      ...points.map(([lon, lat]) => {
        const x = (lon - frame.lon) * frame.x;
        const y = (frame.lat - lat) * frame.y;
        return make("circle", { cx: x.toFixed(0), cy: y.toFixed(0), r: r.toFixed(0), class: "mark" });
      }),
    );
  }

  /** Names and numbers where they fit; the most urgent parts first, none upon another. */
  write(parts, measure) {
    const rem = this.unit();
    const name = 1.125 * rem;
    const figure = 1.5 * rem;
    const taken = [];
    const order = [...this.drawing.parts].sort((a, b) => (parts.get(b.id)?.late ?? 0) - (parts.get(a.id)?.late ?? 0) || b.room - a.room);
    const texts = [];
    for (const part of order) {
      const sums = parts.get(part.id);
      const value = sums ? measure.label(sums) : "";
      const wide = Math.max([...part.name].reduce((sum, sign) => sum + (sign > "\u2e80" ? 1 : 0.56), 0) * name, value.length * figure * 0.5);
      const whole = { x: part.x - wide / 2, y: part.y - name * 1.1, w: wide, h: name + figure * 1.05 };
      const only = { x: part.x - (value.length * figure * 0.5) / 2, y: part.y - figure / 2, w: value.length * figure * 0.5, h: figure };
      const fits = (box) => !taken.some((t) => box.x < t.x + t.w && t.x < box.x + box.w && box.y < t.y + t.h && t.y < box.y + box.h);
      const hot = this.measure === "late" && sums?.late > 0;
      if (fits(whole) && (part.room > name * 0.9 || hot || this.drawing.parts.length <= 12)) {
        taken.push(whole);
        texts.push(text(part.x, part.y - name * 0.15, name, "area-name", part.name), text(part.x, part.y + figure * 0.85, figure, value === "0" ? "area-value is-nothing" : "area-value", value));
      } else if (fits(only) && part.room > figure * 0.4) {
        taken.push(only);
        texts.push(text(part.x, part.y + figure * 0.35, figure, value === "0" ? "area-value is-nothing" : "area-value", value));
      }
    }
    this.labels.replaceChildren(...texts);
  }
}

function text(x, y, size, css, words) {
  return make("text", { x: x.toFixed(0), y: y.toFixed(0), "font-size": size.toFixed(0), class: css, "text-anchor": "middle" }, words);
}

function classOf(value, ends, tone) {
  if (value === null || value === undefined) return "none";
  if (tone === "rate") return ends.filter((end) => value >= end).length;
  return value <= 0 ? 0 : 1 + ends.filter((end) => value > end).length;
}
