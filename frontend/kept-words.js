// What was typed into a form that goes away waits in this tab until the form is there again: after a session that ended, in
// a case that was left, or beside another form that was sent. It is theirs alone: whoever else logs in here next finds
// nothing of it.
import { choose, chosenIn } from "./picker.js";
import { isFilledIn } from "./typed.js";

const KEY = "kept-words";
const MOST = 20; // forms
const LEFT_OUT = new Set(["csrfmiddlewaretoken", "seen"]); // of the page as it will be then

const addressOf = (form) => form.getAttribute("hx-post") || form.getAttribute("action") || "";

/** A form was answered. Sent to the gate instead, it is kept; taken, it takes the case along, and with it other forms. */
function answered(event) {
  const { xhr, elt, requestConfig } = event.detail;
  const form = elt.closest?.("form");
  if (!form || requestConfig?.verb !== "post") return;
  if ((xhr.getResponseHeader("HX-Redirect") || "").startsWith("/login/")) keepForm(form, "ended");
  else if (xhr.status < 300 && form.matches(".move-form")) {
    form.dataset.taken = "";
    forget(form);
    keepForms();
  }
}

/** What is typed in the forms of a case waits until it is opened again. */
export function keepForms(root = document) {
  for (const form of root.querySelectorAll(".move-form:not([data-taken])")) if (isFilledIn(form)) keepForm(form, "closed");
}

function write(forms) {
  if (forms.length) sessionStorage.setItem(KEY, JSON.stringify(forms.slice(-MOST)));
  else sessionStorage.removeItem(KEY);
}

function forget(form) {
  const others = kept().filter((one) => one.to !== addressOf(form));
  if (others.length < kept().length) write(others);
}

const kept = () => JSON.parse(sessionStorage.getItem(KEY) || "[]");

function keepForm(form, why) {
  const values = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !LEFT_OUT.has(name));
  const [same, others] = [kept().find((one) => one.to === addressOf(form)), kept().filter((one) => one.to !== addressOf(form))];
  if (why === "closed" && same?.why === "ended") return; // its session has ended, and it is kept already
  const now = { who: document.body.dataset.person, to: addressOf(form), why, values, picked: chosenIn(form) };
  write([...others, now]);
}

function fill(form, values, picked) {
  for (const one of picked) choose(form, ...one); // before the rest: what was found once is no part of a new form
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
  write(waiting);
}

function putBack(root, { to, why, values, picked = [] }) {
  const form = [...root.querySelectorAll("form")].find((one) => addressOf(one) === to);
  if (!form) return false;
  for (let box = form.closest("details"); box; box = box.parentElement?.closest("details")) box.open = true;
  fill(form, values, picked);
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
  document.body.addEventListener("htmx:beforeOnLoad", answered);
  window.addEventListener("pagehide", () => keepForms());
  document.body.addEventListener("htmx:load", (event) => giveBack(event.detail.elt));
  giveBack(document);
}
