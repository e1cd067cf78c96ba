// What stands in each panel. A panel shows the rows that fit into it and no more; longer rankings turn their pages.
import { beijing, fill, levelName, number, percent, serverNow, span } from "./format.js";
import { Trend } from "./trend.js";

const TURN_EVERY = 12_000;
const TWO_LINES = 1.5; // a warning whose title stands in two lines, of one in one line
const MANY = 4; // warnings that fit in one line each: from there on each is read to its end

function el(name, css, ...children) {
  const element = document.createElement(name);
  if (css) element.className = css;
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export class Panels {
  constructor(screen, words, open) {
    Object.assign(this, { screen, words, open });
    this.panels = new Map([...document.querySelectorAll("[data-panel]")].map((panel) => [panel.dataset.panel, panel]));
    this.pages = { children: 0, departments: 0 };
    this.trend = new Trend(this.panels.get("trend"));
    window.setInterval(() => this.turn(), TURN_EVERY);
  }

  draw(figures) {
    if (this.place !== figures.grid.id) this.pages = { children: 0, departments: 0 };
    this.place = figures.grid.id;
    this.figures = figures;
    this.overview(figures.overview);
    this.flow(figures.flow);
    this.late(figures.late);
    this.list("newest", figures.newest, (row) => this.newest(row), this.words.nothing);
    this.ranking("children", figures.children, figures.parts_level);
    this.ranking("departments", figures.departments);
    this.kinds(figures.kinds);
    this.shift(figures.on_duty);
    this.workers(figures.workers);
    this.warnings(figures);
    this.trend.draw(figures.trend);
  }

  /** Spans of time grow without any step. */
  tick(figures) {
    this.late(figures.late);
    this.warnings(figures);
  }

  turn() {
    if (!this.figures || document.hidden) return;
    for (const name of Object.keys(this.pages)) this.pages[name] += 1;
    this.ranking("children", this.figures.children, this.figures.parts_level);
    this.ranking("departments", this.figures.departments);
  }

  // ---- rows

  /** How many rows of this list's height fit. */
  room(list) {
    const style = getComputedStyle(list);
    const row = parseFloat(style.getPropertyValue("--row")) * parseFloat(getComputedStyle(document.documentElement).fontSize);
    return Math.max(1, Math.floor(list.clientHeight / row + 0.08)); // a hair too little is shared out, too
  }

  list(name, rows, make, whenEmpty) {
    const panel = this.panels.get(name);
    if (!panel) return;
    const list = panel.querySelector("[data-rows]");
    const empty = panel.querySelector(".panel-empty");
    empty.hidden = rows.length > 0;
    empty.textContent = whenEmpty;
    list.hidden = rows.length === 0;
    const room = this.room(list);
    list.style.setProperty("--rows", String(room)); // what is left over is shared out among the rows
    list.replaceChildren(...rows.slice(0, room).map(make));
  }

  /** One page of a ranking that turns; says which. */
  ranking(name, rows, level = "") {
    const panel = this.panels.get(name);
    if (!panel) return;
    const list = panel.querySelector("[data-rows]");
    list.hidden = false;
    const room = this.room(list);
    const pages = Math.max(1, Math.ceil(rows.length / room));
    const page = this.pages[name] % pages;
    const from = page * room;
    const title = panel.querySelector("[data-pattern]");
    if (title && level) title.textContent = fill(title.dataset.pattern, { level: levelName(level, this.words) });
    panel.querySelector("[data-note]").textContent = pages > 1 ? fill(this.words.page, { n: page + 1, all: pages }) : "";
    this.list(name, rows.slice(from, from + room), (row) => this.ranked(row, rows.indexOf(row) + 1, name), this.words.nothing);
  }

  ranked(row, place, name) {
    const late = el("b", row.late ? "figure is-late" : "figure is-nothing", number(row.late));
    const rate = el("span", "rate figure", percent(row.rate), row.rate === null ? "" : el("i", "", "%"));
    const title = el("span", "name", row.name);
    const line = [el("span", "place figure", String(place)), title, late, el("span", "figure", number(row.open)), rate];
    const item = el("li", row.late ? "has-late" : "");
    if (name !== "children" || row.id === this.place) {
      item.append(...line);
      return item;
    }
    const button = el("button", "row-link", ...line);
    button.type = "button";
    // Beside what is seen of the line, which stays its name.
    button.setAttribute("aria-description", `${fill(this.words.to_open, { name: row.name })}: ${fill(this.words.late_n, { n: row.late })}, ${fill(this.words.open_n, { n: row.open })}`);
    button.addEventListener("click", () => this.open(row.id));
    item.append(button);
    return item;
  }

  // ---- panels

  overview(figures) {
    const panel = this.panels.get("overview");
    if (!panel) return;
    for (const tile of panel.querySelectorAll("[data-kpi]")) {
      const { value, before } = figures[tile.dataset.kpi];
      const rate = "rate" in tile.dataset;
      tile.querySelector("b").replaceChildren(rate ? percent(value) : number(value), rate && value !== null ? el("i", "", "%") : "");
      tile.classList.toggle("is-alarm", tile.dataset.kpi === "late" && value > 0);
      this.change(tile.querySelector(".change"), value, before, rate, tile.dataset.better);
    }
  }

  /** An arrow and the difference, in points for rates; worse ones stand out. */
  change(box, value, before, rate, better) {
    if (value === null || before === null || before === undefined) {
      box.replaceChildren();
      box.dataset.way = "";
      return;
    }
    const difference = rate ? Math.round((value - before) * 1000) / 10 : value - before;
    const way = difference > 0 ? "up" : difference < 0 ? "down" : "same";
    const worse = (better === "less" && way === "up") || (better === "more" && way === "down");
    box.dataset.way = way;
    box.classList.toggle("is-worse", worse);
    const size = rate ? Math.abs(difference).toFixed(1) : number(Math.abs(difference));
    const sign = el("span", "arrow", way === "up" ? "▲" : way === "down" ? "▼" : "");
    sign.setAttribute("aria-hidden", "true");
    const spoken = el("span", "hidden-words", way === "same" ? "" : this.words[way]);
    box.replaceChildren(sign, spoken, way === "same" ? this.words.same : size);
  }

  flow(steps) {
    const panel = this.panels.get("flow");
    if (!panel) return;
    const list = panel.querySelector("[data-rows]");
    list.replaceChildren(
      ...steps.map((step) => {
        const item = el("li", step.jams ? "step is-jam" : "step");
        const name = el("span", "name", step.status === "closed" ? this.words.to_rate : this.words.status[step.status]);
        const jam = step.jams ? el("em", "", list.dataset.jam) : null;
        const note = step.late ? el("span", "step-late", this.icon("light-red"), fill(this.words.late_n, { n: number(step.late) })) : null;
        const soon = !note && step.soon ? el("span", "step-soon", this.icon("light-yellow"), fill(this.words.soon_n, { n: number(step.soon) })) : null;
        item.append(...[name, jam, el("b", "figure", number(step.count))].filter(Boolean), note ?? soon ?? el("span", "step-calm", step.count && step.status !== "closed" ? this.words.in_time : ""));
        return item;
      }),
    );
  }

  icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `${this.screen.dataset.icons}#${name}`);
    svg.append(use);
    return svg;
  }

  late({ count, rows }) {
    const panel = this.panels.get("late");
    if (!panel) return;
    panel.classList.toggle("is-alarm", count > 0);
    panel.querySelector("[data-note]").textContent = count ? fill(this.words.in_all, { n: number(count) }) : "";
    const now = serverNow() / 1000;
    this.list("late", rows, (row) => this.lateRow(row, now), this.words.none_late);
  }

  lateRow(row, now) {
    const clock = el("strong", "late-by", fill(this.words.late_by, { span: span(now - row.due, this.words) }));
    const first = el("span", "line", el("b", "what", row.what || this.words.unclassified), clock);
    const second = el("span", "line quiet", el("span", "name", row.where), el("span", "whose", row.unit));
    return el("li", "late-row", first, second);
  }

  newest(row) {
    const at = beijing(row.at * 1000);
    const today = beijing(serverNow()).date === at.date;
    const when = el("span", "figure when", today ? at.clock : at.day);
    const what = el("b", "what", row.what || this.words.unclassified);
    return el("li", "newest-row", when, what, el("span", "name quiet", row.where), el("span", "status", this.words.brief[row.status] ?? this.words.status[row.status]));
  }

  kinds(rows) {
    const most = Math.max(1, ...rows.map((row) => row.count));
    const make = (row) => {
      const bar = el("i", "bar");
      bar.style.setProperty("--share", String(row.count / most));
      return el("li", "kind-row", el("span", "name", row.name || this.words.unclassified), el("b", "figure", number(row.count)), el("span", "track", bar));
    };
    this.list("kinds", rows, make, this.words.nothing);
  }

  workers(rows) {
    const make = (row) => {
      const bar = el("i", "bar");
      bar.style.setProperty("--share", String(row.posts ? row.active / row.posts : 0));
      const counts = el("b", "figure", number(row.active), el("i", "", ` / ${number(row.posts)}`));
      return el("li", "kind-row", el("span", "name", this.words.role[row.role]), counts, el("span", "track", bar));
    };
    this.list("workers", rows, make, this.words.no_posts);
  }

  /** Who stands on the roster now, by role; those of one role behind one word. */
  shift({ unit, gap, people }) {
    const panel = this.panels.get("workers");
    if (!panel) return;
    panel.querySelector("[data-unit]").textContent = unit;
    const list = panel.querySelector("[data-shift]");
    const roles = [...new Set(people.map((one) => one.role))];
    const named = roles.map((role) => {
      const names = people.filter((one) => one.role === role).map((one) => one.name);
      return el("div", "", el("dt", "", this.words.shift[role]), el("dd", "name", names.join(this.words.between)));
    });
    if (gap) named.unshift(el("div", "is-gap", el("dt", "", this.icon("light-red"), this.words.desk_empty)));
    if (!named.length) named.push(el("div", "", el("dt", "", this.words.nobody_on_duty)));
    list.replaceChildren(...named);
  }

  /** The warnings that stand, and in one line below them what else must not wait. */
  warnings({ alerts, warnings }) {
    const panel = this.panels.get("warnings");
    if (!panel) return;
    const now = serverNow() / 1000;
    const note = panel.querySelector("[data-note]");
    note.textContent = fill(alerts.waiting ? this.words.waiting_n : this.words.in_all, { n: number(alerts.waiting || alerts.count), all: number(alerts.count) });
    note.classList.toggle("is-waiting", alerts.waiting > 0);
    note.hidden = !alerts.count;
    const sums = warnings.map((row) => {
      const late = row.late ? el("span", "hidden-words", fill(this.words.late_n, { n: number(row.late) })) : null;
      const css = row.late ? "is-late" : row.count ? "" : "is-calm";
      return el("li", css, el("span", "name", this.words.warning[row.kind]), row.late ? this.icon("light-red") : null, el("b", "figure", number(row.count)), late);
    });
    panel.querySelector("[data-sums]").replaceChildren(...sums);
    this.list("warnings", alerts.rows, (row) => this.alert(row, now), this.words.no_alerts);
    this.readToTheEnd(panel.querySelector("[data-rows]"), alerts.rows, now);
  }

  /** Where there is room, titles stand in two lines if they need them, and as many warnings as then fit. */
  readToTheEnd(list, rows, now) {
    const room = this.room(list);
    const roomy = rows.length > 0 && (room >= MANY || rows.length * TWO_LINES <= room);
    list.classList.toggle("is-roomy", roomy);
    list.classList.remove("is-full");
    if (!roomy) return;
    list.replaceChildren(...rows.map((row) => this.alert(row, now)));
    while (list.scrollHeight > list.clientHeight && list.children.length > 1) {
      list.lastElementChild.remove();
      list.classList.add("is-full"); // what is left over is shared out among them
    }
  }

  alert(row, now) {
    const since = { span: span(now - row.at, this.words) };
    const level = el("em", `level level-${row.level}`, this.words.level[row.level]);
    const state = row.waits ? fill(this.words.waits, since) : row.unit ? fill(this.words.taken, { unit: row.unit }) : beijing(row.at * 1000).clock;
    const first = el("span", "line", level, el("b", "what", row.title));
    const second = el("span", "line quiet", el("span", "name", row.where), el("span", "state whose", state));
    return el("li", row.waits ? "alert-row waits" : "alert-row", first, second);
  }
}
