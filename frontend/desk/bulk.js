// One step for the selected rows: the form in a dialog, then row after row with its answer.
import { renew } from "./changes.js";
import { rowOf, select, selected } from "./rows.js";

const AT_ONCE = 10; // rows a request: the answers come while the rest is under way
const dialog = () => document.getElementById("bulk-dialog");

export function canBulk(action) {
  return Boolean(document.querySelector(`[data-bulk-move="${action}"]`));
}

export async function openBulk(action) {
  const query = new URLSearchParams({ action, part: "1", next: window.location.pathname + window.location.search });
  for (const row of selected()) query.append("row", row.querySelector(".row-check").value);
  const answer = await fetch(`${document.getElementById("desk").dataset.bulk}?${query}`).catch(() => null);
  if (!answer || !answer.ok) {
    fail();
    return;
  }
  fill(await answer.text());
  dialog().showModal();
}

function fill(html) {
  dialog().innerHTML = html;
  window.htmx.process(dialog());
  const field = dialog().querySelector("textarea, select, input:not([type=hidden])");
  if (field) field.focus();
}

function fail() {
  window.alert(document.getElementById("desk-said").dataset.lost);
}

const went = (line) => ["done", "again"].includes(line.dataset.state);
const waits = (line) => !line.dataset.state;

/** Sends the rows that have no answer yet, part by part; the same key: what went is not done twice. */
async function send(form) {
  const lines = [...form.querySelectorAll(".bulk-lines > li")];
  const open = lines.filter(waits);
  begin(form);
  for (let from = 0; from < open.length; from += AT_ONCE) {
    const data = new FormData(form);
    data.delete("row");
    data.set("part", "1");
    for (const line of open.slice(from, from + AT_ONCE)) data.append("row", line.querySelector("[name=row]").value);
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body: data }).catch(() => null);
    if (answer && answer.status === 422) return refuse(form, lines, await answer.text());
    if (!answer || !answer.ok || answer.redirected) return lose(form, lines);
    take(form, await answer.text());
    show(form, lines);
  }
  form.querySelector(".sheet-foot [type=submit]").remove();
  form.querySelector("[data-bulk-close]").focus();
  follow(lines);
}

function begin(form) {
  form.querySelector(".sheet-foot [type=submit]").disabled = true;
  form.querySelector("[data-unanswered]").hidden = true;
  form.querySelector("[data-progress]").hidden = false;
}

function show(form, lines) {
  const progress = form.querySelector("[data-progress]");
  progress.querySelector("progress").value = lines.filter((line) => !waits(line)).length;
  progress.querySelector("span").textContent = `${lines.filter(went).length} / ${lines.length}`;
}

/** Wrong for all alike: the fields come back with what is wrong, and the form can be sent again. */
function refuse(form, lines, html) {
  const fields = new DOMParser().parseFromString(html, "text/html").querySelector(".bulk-fields");
  form.querySelector(".bulk-fields").replaceWith(fields);
  window.htmx.process(fields);
  form.querySelector("[data-progress]").hidden = lines.every(waits);
  form.querySelector(".sheet-foot [type=submit]").disabled = false;
  fields.querySelector(".is-invalid")?.focus();
  follow(lines);
}

function lose(form, lines) {
  const told = form.querySelector("[data-unanswered]");
  const counts = { done: lines.filter(went).length, all: lines.length, left: lines.filter(waits).length };
  told.textContent = told.dataset.words.replace(/{(\w+)}/g, (_whole, name) => counts[name]);
  told.hidden = false;
  told.scrollIntoView({ block: "nearest" });
  form.querySelector(".sheet-foot [type=submit]").disabled = false;
  follow(lines);
}

function take(form, html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const result of page.querySelectorAll("[data-results] > li")) {
    const line = form.querySelector(`.bulk-lines > li[data-id="${result.dataset.id}"]`);
    line.dataset.state = result.dataset.state;
    delete line.dataset.not;
    line.querySelector(".bulk-answer").textContent = result.querySelector(".bulk-answer").textContent;
  }
}

/** The list behind the form: rows that went are no longer selected, all that were answered show how they stand. */
function follow(lines) {
  for (const { dataset } of lines.filter(went)) if (rowOf(dataset.id)) select(rowOf(dataset.id), false);
  const ids = lines.filter((line) => !waits(line)).map((line) => line.dataset.id);
  if (ids.length) renew(ids);
}

export function watchBulk() {
  document.addEventListener(
    "submit",
    (event) => {
      if (event.target.id === "bulk-form") {
        event.preventDefault();
        openBulk(event.submitter.value);
      } else if (event.target.matches("[data-bulk-form]") && dialog().contains(event.target)) {
        event.preventDefault();
        send(event.target);
      }
    },
    true,
  );
  dialog().addEventListener("click", (event) => {
    if (!event.target.closest("[data-bulk-close]")) return;
    event.preventDefault();
    dialog().close();
  });
}
