// What was typed into a form that goes away waits in this tab until the form is there again: after a session that ended, or
// in a case that was closed beside the list. It is theirs alone: whoever else logs in here next finds nothing of it.
const KEY = "kept-words";
const MOST = 20; // forms
const LEFT_OUT = new Set(["csrfmiddlewaretoken", "seen"]); // of the page as it will be then

const addressOf = (form) => form.getAttribute("hx-post") || form.getAttribute("action") || "";

/** The server sent an answer to a form to the gate instead. */
function keep(event) {
  const { xhr, elt, requestConfig } = event.detail;
  const to = xhr?.getResponseHeader("HX-Redirect") || "";
  const form = elt.closest?.("form");
  if (form && requestConfig?.verb === "post" && to.startsWith("/login/")) keepForm(form, "ended");
}

const kept = () => JSON.parse(sessionStorage.getItem(KEY) || "[]");

export function keepForm(form, why) {
  const values = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !LEFT_OUT.has(name));
  const others = kept().filter((one) => one.to !== addressOf(form));
  if (why === "closed" && others.length < kept().length) return; // its session has ended, and it is kept already
  const now = { who: document.body.dataset.person, to: addressOf(form), why, values };
  sessionStorage.setItem(KEY, JSON.stringify([...others, now].slice(-MOST)));
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

/** Each form with an address of which words are kept gets them back. */
function giveBack(root) {
  const who = document.body.dataset.person;
  if (!who || !kept().length) return; // still at the gate, or nothing kept
  const waiting = kept().filter((one) => one.who === who && !putBack(root, one));
  if (waiting.length) sessionStorage.setItem(KEY, JSON.stringify(waiting));
  else sessionStorage.removeItem(KEY);
}

function putBack(root, { to, why, values }) {
  const form = [...root.querySelectorAll("form")].find((one) => addressOf(one) === to);
  if (!form) return false;
  for (let box = form.closest("details"); box; box = box.parentElement?.closest("details")) box.open = true;
  fill(form, values);
  const told = document.getElementById("words-back");
  if (why === "closed") {
    form.prepend(words(told.dataset.closed));
    return true;
  }
  told.hidden = false;
  form.scrollIntoView({ block: "center" });
  return true;
}

function words(text) {
  const line = document.createElement("p");
  line.className = "form-hint";
  line.setAttribute("role", "status");
  line.textContent = text;
  return line;
}

export function watchKeptWords() {
  document.body.addEventListener("htmx:beforeOnLoad", keep);
  document.body.addEventListener("htmx:load", (event) => giveBack(event.detail.elt));
  giveBack(document);
}
