// Reported and closed over hours, days or months: bars and a line. Turns by itself until somebody chooses.
import { number } from "./format.js";
import { make } from "./map.js";

const SPANS = ["hour", "day", "month"];
const TURN_EVERY = 15_000;
const HELD_FOR = 120_000;

/** A round number not below `most`, and where the lines of the scale stand. */
function scale(most) {
  const step = [1, 2, 5, 10].map((k) => k * 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, most / 3)))));
  const size = step.find((k) => k * 3 >= most) ?? step[3];
  const top = Math.max(size, Math.ceil(most / size) * size);
  return { top, lines: Array.from({ length: Math.round(top / size) + 1 }, (_none, k) => k * size) };
}

export class Trend {
  constructor(panel) {
    this.panel = panel;
    this.by = "day";
    this.heldUntil = 0;
    if (!panel) return;
    this.svg = panel.querySelector("svg");
    for (const button of panel.querySelectorAll("[data-span]")) {
      button.addEventListener("click", () => this.choose(button.dataset.span, true));
    }
    window.setInterval(() => {
      if (performance.now() > this.heldUntil && !document.hidden) this.next(false);
    }, TURN_EVERY);
  }

  next(byHand = true) {
    this.choose(SPANS[(SPANS.indexOf(this.by) + 1) % SPANS.length], byHand);
  }

  choose(by, byHand) {
    if (!this.panel) return;
    this.by = by;
    if (byHand) this.heldUntil = performance.now() + HELD_FOR;
    for (const button of this.panel.querySelectorAll("[data-span]")) {
      button.setAttribute("aria-pressed", String(button.dataset.span === by));
    }
    if (this.trend) this.draw(this.trend);
  }

  draw(trend) {
    if (!this.panel) return;
    this.trend = trend;
    const { labels, reported, closed } = trend[this.by];
    const box = this.svg.getBoundingClientRect();
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const [width, height] = [box.width / rem, box.height / rem]; // in rem: sharp at every size
    const left = 3.2;
    const bottom = 1.8;
    const top = 0.7;
    const { top: most, lines } = scale(Math.max(1, ...reported, ...closed));
    const y = (value) => height - bottom - (value / most) * (height - bottom - top);
    const step = (width - left) / labels.length;
    const x = (k) => left + step * (k + 0.5);
    const parts = lines.flatMap((value) => [
      make("line", { x1: left, x2: width, y1: y(value), y2: y(value), class: value ? "rule" : "rule ground" }),
      make("text", { x: left - 0.6, y: y(value) + 0.4, class: "scale", "text-anchor": "end" }, number(value)),
    ]);
    const bar = Math.min(step * 0.62, 2.2);
    parts.push(...reported.map((value, k) => make("rect", { x: x(k) - bar / 2, width: bar, y: y(value), height: Math.max(0, y(0) - y(value)), class: "reported" })));
    parts.push(make("polyline", { points: closed.map((value, k) => `${x(k)},${y(value)}`).join(" "), class: "closed" }));
    const every = Math.ceil((labels[0].length * 0.62 + 1) / step);
    labels.forEach((label, k) => {
      if ((labels.length - 1 - k) % every === 0 && x(k) > left + 1) {
        const last = k === labels.length - 1;
        parts.push(make("text", { x: last ? width : x(k), y: height - 0.35, class: "scale", "text-anchor": last ? "end" : "middle" }, label));
      }
    });
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.replaceChildren(...parts);
    const sum = (values) => values.reduce((all, value) => all + value, 0);
    this.svg.setAttribute("aria-label", `${this.panel.querySelector(".key-reported").textContent} ${sum(reported)}, ${this.panel.querySelector(".key-closed").textContent} ${sum(closed)}`);
  }
}
