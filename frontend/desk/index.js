// The desk: rows, the case beside them, the keyboard, steps for many, what changes meanwhile. Without it every part is a
// plain link or form.
import { close, open, openedId, watchBeside } from "./beside.js";
import { watchBulk } from "./bulk.js";
import { renew, watchChanges } from "./changes.js";
import { say, watchKeys } from "./keys.js";
import { count, rowOf, select, selectAll, setCurrent, unselect } from "./rows.js";

function click(event) {
  const row = event.target.closest("#results .row-event");
  if (!row || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  if (event.target.closest("input, label, button")) {
    setCurrent(row, false);
    return;
  }
  const link = event.target.closest("a");
  if (!link && String(window.getSelection())) return; // somebody copies words
  event.preventDefault();
  setCurrent(row, false);
  open(row.dataset.id, (link && link.dataset.move) || "");
}

function change(event) {
  if (event.target.id === "check-all") selectAll();
  else if (event.target.matches(".row-check")) select(event.target.closest(".row-event"), event.target.checked);
}

/** A step of one press, taken in its row. */
async function pressRow(form) {
  const row = form.closest(".row-event");
  form.querySelector("button").disabled = true;
  const answer = await fetch(form.getAttribute("action"), {
    method: "POST",
    body: new FormData(form),
    headers: { "HX-Request": "true", "X-Desk-Row": "1" },
  }).catch(() => null);
  if (!answer) {
    say(document.getElementById("desk-said").dataset.lost);
    form.querySelector("button").disabled = false;
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const words = page.querySelector("[data-done], .conflict strong, .conflict, .field-errors");
  if (words) say(words.textContent.trim());
  moved(row.dataset.id);
}

/** A step was taken here: the row follows, and the case beside the list if it is open. */
function moved(id) {
  renew([String(id)]);
  if (openedId() === String(id)) open(id, "", false);
}

function submit(event) {
  const form = event.target;
  if (form.matches(".row-moves form")) {
    event.preventDefault();
    pressRow(form);
  } else if (form.id === "desk-filters") {
    // Only what says something goes into the address.
    for (const field of form.elements) {
      const usual = !field.value || field.value === field.dataset.usual;
      if (field.name && (usual || field.name.endsWith("_q"))) field.disabled = true;
    }
  }
}

export function watchDesk() {
  if (!document.querySelector("[data-desk]")) return;
  watchBeside();
  watchBulk();
  watchChanges();
  watchKeys();
  document.getElementById("desk").addEventListener("click", click);
  document.getElementById("desk").addEventListener("focusin", (event) => {
    // However the focus came to a row (mouse, tab, a screen reader): that is the one keys speak of.
    const row = event.target.closest("#results .row-event");
    if (row && row.tabIndex !== 0) setCurrent(row, false);
  });
  document.addEventListener("change", change);
  document.addEventListener("submit", submit, true);
  document.addEventListener("reset", (event) => event.target.id === "bulk-form" && window.setTimeout(unselect));
  document.body.addEventListener("desk:moved", ({ detail }) => {
    say(detail.words);
    renew([String(detail.id)]);
    if (detail.gone) close(true, false);
    else if (rowOf(detail.id)) setCurrent(rowOf(detail.id));
  });
  window.addEventListener("pageshow", () => {
    for (const field of document.querySelectorAll("#desk-filters :disabled")) field.disabled = false;
    count();
  });
}
