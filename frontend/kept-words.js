// A session that ends while somebody types: what was typed waits in this tab until they have logged in again. It is theirs
// alone: whoever else logs in here next finds nothing of it.
const KEY = "kept-words";
const LEFT_OUT = new Set(["csrfmiddlewaretoken", "seen"]); // of the page as it will be then

const addressOf = (form) => form.getAttribute("hx-post") || form.getAttribute("action") || "";

/** The server sent an answer to a form to the gate instead. */
function keep(event) {
  const { xhr, elt, requestConfig } = event.detail;
  const to = xhr?.getResponseHeader("HX-Redirect") || "";
  const form = elt.closest?.("form");
  if (!form || requestConfig?.verb !== "post" || !to.startsWith("/login/")) return;
  const values = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !LEFT_OUT.has(name));
  sessionStorage.setItem(KEY, JSON.stringify({ who: document.body.dataset.person, to: addressOf(form), values }));
}

function fill(form, values) {
  const byName = group(values);
  for (const field of form.elements) {
    const given = byName.get(field.name)?.map(([, value]) => value);
    if (!given || field.type === "file" || field.type === "submit") continue;
    if (field.type === "checkbox" || field.type === "radio") field.checked = given.includes(field.value);
    else if (field.multiple) for (const option of field.options) option.selected = given.includes(option.value);
    else field.value = given[0];
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

function group(values) {
  const byName = new Map();
  for (const pair of values) byName.set(pair[0], [...(byName.get(pair[0]) || []), pair]);
  return byName;
}

/** The first form with the same address gets its words back. */
function giveBack(root) {
  const kept = JSON.parse(sessionStorage.getItem(KEY) || "null");
  const who = document.body.dataset.person;
  if (!kept || !who) return; // nothing kept, or still at the gate
  if (kept.who !== who) return sessionStorage.removeItem(KEY);
  const form = [...root.querySelectorAll("form")].find((one) => addressOf(one) === kept.to);
  if (!form) return;
  sessionStorage.removeItem(KEY);
  for (let box = form.closest("details"); box; box = box.parentElement?.closest("details")) box.open = true;
  fill(form, kept.values);
  const told = document.getElementById("words-back");
  if (told) told.hidden = false;
  form.scrollIntoView({ block: "center" });
}

export function watchKeptWords() {
  document.body.addEventListener("htmx:beforeOnLoad", keep);
  document.body.addEventListener("htmx:load", (event) => giveBack(event.detail.elt));
  giveBack(document);
}
