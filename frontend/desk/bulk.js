// One step for the selected rows: the form in a dialog, then row after row with its answer.
import { renew } from "./changes.js";
import { selected, unselect } from "./rows.js";

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

async function send(form) {
  const button = form.querySelector(".sheet-foot [type=submit]");
  button.disabled = true;
  const lines = [...form.querySelectorAll(".bulk-lines > li")];
  const progress = form.querySelector("[data-progress]");
  progress.hidden = false;
  let went = 0;
  for (let from = 0; from < lines.length; from += AT_ONCE) {
    const part = lines.slice(from, from + AT_ONCE);
    const data = new FormData(form);
    data.delete("row");
    data.set("part", "1");
    for (const line of part) data.append("row", line.querySelector("[name=row]").value);
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body: data }).catch(() => null);
    if (answer && answer.status === 422) {
      // Refused as a whole, before any row went: the form says what is wrong.
      refuse(await answer.text(), lines);
      return;
    }
    if (!answer || !answer.ok) {
      fail();
      button.disabled = false; // the same key: what went is not done twice
      return;
    }
    went += answers(form, await answer.text());
    progress.querySelector("progress").value = from + part.length;
    progress.querySelector("span").textContent = `${went} / ${lines.length}`;
  }
  finish(form, lines);
}

/** The form with its errors came back for a part of the rows: all of them stay listed. */
function refuse(html, lines) {
  fill(html);
  dialog().querySelector(".bulk-lines").replaceChildren(...lines);
  const wrong = dialog().querySelector(".is-invalid");
  if (wrong) wrong.focus();
}

function answers(form, html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  let went = 0;
  for (const result of page.querySelectorAll("[data-results] > li")) {
    const line = form.querySelector(`.bulk-lines > li[data-id="${result.dataset.id}"]`);
    line.dataset.state = result.dataset.state;
    delete line.dataset.not;
    line.querySelector(".bulk-answer").textContent = result.querySelector(".bulk-answer").textContent;
    if (["done", "again"].includes(result.dataset.state)) went += 1;
  }
  return went;
}

function finish(form, lines) {
  form.querySelector(".sheet-foot [type=submit]").remove();
  form.querySelector("[data-bulk-close]").focus();
  const ids = lines.map((line) => line.dataset.id);
  if (!lines.some((line) => !["done", "again"].includes(line.dataset.state))) unselect();
  renew(ids);
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
