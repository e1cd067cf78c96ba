// The line to the server says that something has changed; the figures are then asked for. Whatever was lost on the way,
// the next figures are right: they come from the database. When the line is broken the screen says so and since when.
import { age, beijing, fill, serverNow, setServerTime } from "./format.js";

const SILENT_AFTER = 25_000; // the server gives a sign of life every 10 s
const SAID_AFTER = 2_500; // a short break is mended before anybody has read that it was there
const AGAIN_AFTER = 2_000;
const RENEWED_EVERY = 30_000; // lights change with the clock, without any step
const POLLED_EVERY = 5_000; // while there is no line

export class Line {
  constructor(screen, words, liveAddress, figuresAddress, draw) {
    Object.assign(this, { screen, words, liveAddress, figuresAddress, draw });
    this.source = null;
    this.etag = "";
    this.at = 0; // of when the figures are, by the server's clock
    this.heard = 0;
    this.brokenSince = performance.now();
    this.state = "waiting";
    this.asking = false;
    this.fresh = false; // the last question has had its answer
    this.wanted = null; // {after}: to be asked for once the present answer is there
    window.setInterval(() => this.watch(), 500);
  }

  open(place) {
    this.place = place;
    this.etag = this.ticket = "";
    this.turn = (this.turn ?? 0) + 1;
    this.connect();
    this.ask(0, 0);
  }

  connect() {
    this.source?.close();
    const place = this.place;
    const source = new EventSource(this.liveAddress(place));
    this.source = source;
    this.heard = performance.now();
    const hear = (name, act) =>
      source.addEventListener(name, (event) => {
        if (source !== this.source) return;
        this.heard = performance.now();
        this.brokenSince = null;
        act(event.data ? JSON.parse(event.data) : {});
      });
    hear("hello", (facts) => {
      this.say("live");
      this.ticket = facts.ticket;
      this.ask(facts.at, facts.within); // what happened while there was no line
    });
    hear("changed", (facts) => this.ask(facts.at, facts.within));
    hear("here", () => {});
    source.addEventListener("error", () => {
      if (source !== this.source) return;
      this.brokenSince ??= performance.now();
      if (source.readyState === EventSource.CLOSED) this.comeAgain();
    });
  }

  /** The browser has given up (a refusal, or no line offered): ask what it is, and try again. */
  comeAgain() {
    this.ticket = ""; // the next answer says whether it is a refusal
    window.clearTimeout(this.again);
    this.again = window.setTimeout(() => this.connect(), AGAIN_AFTER + Math.random() * AGAIN_AFTER);
  }

  watch() {
    const now = performance.now();
    if (now - this.heard > SILENT_AFTER) {
      this.brokenSince ??= now;
      this.connect();
    }
    if (this.brokenSince !== null && now - this.brokenSince > SAID_AFTER && this.state !== "refused") this.say("lost");
    const every = this.state === "live" ? RENEWED_EVERY : POLLED_EVERY;
    if (now - (this.askedAt ?? 0) > every * (0.9 + 0.2 * Math.random())) this.ask(0, 0);
    this.show();
  }

  /** Asks for figures that know all steps until `after`, some time within so many milliseconds. */
  ask(after, within) {
    if (this.asking) {
      this.wanted = { after: Math.max(after, this.wanted?.after ?? 0), within };
      return;
    }
    this.asking = true;
    this.askedAt = performance.now();
    window.setTimeout(() => this.fetch(after, this.turn), within ? Math.random() * within : 0);
  }

  async fetch(after, turn) {
    try {
      const headers = this.etag ? { "If-None-Match": this.etag } : {};
      // With the line's ticket the server need not look up who asks: a thousand screens ask at the same moment.
      const ticket = this.ticket;
      if (ticket) headers["X-Screen-Ticket"] = ticket;
      const answer = await fetch(`${this.figuresAddress(this.place)}?after=${after}`, {
        headers,
        credentials: ticket ? "omit" : "same-origin",
        cache: "no-store",
        signal: AbortSignal.timeout(20_000),
      });
      if (ticket && answer.status === 401) {
        this.ticket = "";
        this.wanted ??= { after, within: 0 };
      } else if (turn === this.turn) await this.take(answer, turn);
    } catch {
      this.fresh = false;
      if (turn === this.turn) this.brokenSince ??= performance.now();
    } finally {
      this.asking = false;
      const wanted = turn === this.turn ? this.wanted : { after: 0, within: 0 };
      this.wanted = null;
      if (wanted) this.ask(wanted.after, wanted.within);
    }
  }

  async take(answer, turn) {
    if (answer.status === 401 || answer.status === 404 || answer.redirected) {
      this.say("refused");
      this.fresh = false;
      return;
    }
    if (!answer.ok && answer.status !== 304) throw new Error(`figures: ${answer.status}`);
    const at = Number(answer.headers.get("X-Figures-At"));
    setServerTime(Number(answer.headers.get("X-Server-Now")));
    if (answer.status === 200) {
      this.etag = answer.headers.get("ETag") ?? "";
      const figures = await answer.json();
      if (turn !== this.turn) return;
      this.draw(figures);
    }
    this.at = at;
    this.fresh = true;
    if (this.state === "refused") this.say("lost");
    this.show();
  }

  say(state) {
    if (state === this.state) return;
    this.state = state;
    this.screen.dataset.state = state;
    document.getElementById("live").dataset.state = state;
    const word = { live: this.words.live, lost: this.words.lost, refused: this.words.lost }[state];
    document.getElementById("live-word").textContent = word;
    this.show();
  }

  /** How old the figures are, always; and loudly, when they are not live. */
  show() {
    const { words } = this;
    const old = this.at ? serverNow() / 1000 - this.at : 0;
    const label = document.getElementById("live-age");
    label.textContent = this.at ? fill(words.age, { age: age(old, words) }) : "";
    const bar = document.getElementById("lost-bar");
    bar.hidden = this.state === "live" || this.state === "waiting";
    if (bar.hidden) return;
    const then = beijing(this.at * 1000);
    const said = fill(this.state === "refused" ? words.refused : words.lost_long, {
      time: this.at ? `${then.clock}:${then.seconds}` : "—",
      age: age(old, words),
    });
    if (bar.textContent !== said) bar.textContent = said;
  }
}
