// An unattended round (轮播) through the territories: the one it began at, then each of its parts, again and again.
// Visible: where it is, what comes next, a line that fills up. A hand on the screen holds it for two minutes; without fresh
// figures of the territory it stands at it waits.
import { fill } from "./format.js";

const HELD_FOR = 120_000;
const BEAT = 200;

export class Round {
  /** `show(place)`; `fresh()`: whether the figures that were asked for last have come. */
  constructor(screen, words, show, fresh) {
    Object.assign(this, { screen, words, show, fresh });
    this.seconds = Number(screen.dataset.roundSeconds);
    this.stops = []; // [{id, name}]
    this.at = 0; // where it goes
    this.shown = 0; // whose figures are to be seen
    this.running = false;
    this.begun = false;
    this.spent = 0;
    this.heldUntil = 0;
    this.timer = null;
    this.say();
  }

  /** Each territory's figures say what it is divided into; the round keeps to those of where it began. */
  know(figures) {
    this.here = figures.grid.id;
    if (!this.begun || this.stops.length === 0) {
      this.stops = [{ id: figures.grid.id, name: figures.grid.name }];
      const parts = figures.children.filter((part) => part.id !== figures.grid.id);
      this.stops.push(...parts.map(({ id, name }) => ({ id, name })).sort((a, b) => a.id - b.id));
      this.at = this.shown = 0;
    }
    const found = this.stops.findIndex((stop) => stop.id === this.here);
    if (found >= 0) this.at = this.shown = found;
    this.say();
  }

  begin(seconds) {
    if (seconds) this.seconds = Math.min(600, Math.max(5, seconds));
    this.begun = true;
    this.running = true;
    this.spent = 0;
    this.heldUntil = 0;
    this.timer ??= window.setInterval(() => this.beat(), BEAT);
    this.keep();
    this.say();
  }

  pause() {
    this.running = false;
    this.keep();
    this.say();
  }

  toggle() {
    if (this.running) this.pause();
    else this.begin();
  }

  /** A new address of the running screen, so that a machine that starts again goes on with it. */
  keep() {
    const url = new URL(window.location.href);
    if (this.running) url.searchParams.set("round", String(this.seconds));
    else url.searchParams.delete("round");
    window.history.replaceState(window.history.state, "", url);
  }

  /** Somebody looks for themselves. */
  touched() {
    this.heldUntil = performance.now() + HELD_FOR;
    if (!this.running) this.begun = false;
  }

  step(by) {
    if (this.stops.length < 2) return;
    this.begun = true;
    this.spent = 0;
    this.at = (this.at + by + this.stops.length) % this.stops.length;
    this.show(this.stops[this.at].id); // what is said changes when its figures come
    this.fill();
  }

  beat() {
    if (!this.running) return;
    if (performance.now() < this.heldUntil || document.hidden || this.at !== this.shown || !this.fresh()) return;
    this.spent += BEAT / 1000;
    if (this.spent >= this.seconds) this.step(1);
    else this.fill();
  }

  fill() {
    const share = this.running ? Math.min(1, this.spent / this.seconds) : 0;
    document.querySelector("#round-line span").style.transform = `scaleX(${share})`;
  }

  say() {
    const { words, stops } = this;
    const box = document.getElementById("round");
    const button = document.getElementById("round-button");
    box.hidden = !this.begun || stops.length < 2;
    this.screen.dataset.round = this.running ? "on" : this.begun ? "paused" : "off";
    const label = this.running ? words.pause : this.begun ? words.go_on : words.start;
    button.title = label;
    button.querySelector(".hidden-words").textContent = label;
    button.setAttribute("aria-pressed", String(this.running));
    this.fill();
    if (box.hidden) return;
    const next = stops[(this.shown + 1) % stops.length];
    const pattern = this.running ? words.round_on : words.round_paused;
    const said = fill(pattern, { n: this.shown + 1, all: stops.length, name: next.name });
    const line = document.getElementById("round-words");
    if (line.textContent !== said) line.textContent = said;
  }
}
