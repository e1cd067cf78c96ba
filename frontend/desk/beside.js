// The case beside the list: opened into the address, so that Back closes it and a link opens it again.
import { keepForms } from "../kept-words.js";
import { rowOf, setCurrent } from "./rows.js";

const desk = () => document.getElementById("desk");
const box = () => document.getElementById("beside");
const narrow = () => window.matchMedia("(max-width: 991px)").matches;
let asked = null; // the case that was opened last, and the step

function address(id) {
  const url = new URL(window.location.href);
  url.searchParams.delete("case");
  url.searchParams.delete("do");
  if (id) url.searchParams.set("case", id);
  return url;
}

function mark(id) {
  for (const row of document.querySelectorAll("#results [data-opened]")) delete row.dataset.opened;
  if (id && rowOf(id)) rowOf(id).dataset.opened = "";
  desk().toggleAttribute("data-beside", Boolean(id));
}

export function openedId() {
  const head = box().querySelector("[data-case]");
  return head && head.dataset.case;
}

/** Opens an event, with the form of the step `action` in sight if one is named. On a phone it is a page of its own. */
export function open(id, action = "", push = true) {
  const page = `/events/${id}/${action ? `?do=${action}` : ""}`;
  if (narrow()) {
    window.location.assign(page);
    return;
  }
  const query = new URLSearchParams({ beside: "1", ...(action ? { do: action } : {}) });
  const url = `/events/${id}/?${query}`;
  if (push && openedId() !== String(id)) window.history.pushState({ desk: true }, "", address(id));
  box().dataset.liveUrl = `/events/${id}/?beside=1`;
  mark(id);
  keepForms(box());
  asked = { id, action };
  const done = window.htmx.ajax("GET", url, { source: box(), target: box(), swap: "innerHTML" });
  done.then(() => show(action)).catch(() => {}); // what failed is told below
}

/** The case did not come: that is said in its place, with a way to ask once more. */
function tellLost(event) {
  const refused = [401, 403].includes(event.detail.xhr?.status); // the page as a whole says so
  if (event.detail.elt !== box() || refused) return;
  event.stopPropagation();
  box().replaceChildren(document.getElementById("beside-lost").content.cloneNode(true));
  box().querySelector("[data-retry]").focus();
}

function show(action) {
  if (!openedId()) return;
  const form = action && box().querySelector(`#do-${action}`);
  box().scrollTop = 0;
  if (!form) {
    box().focus({ preventScroll: true });
    return;
  }
  form.open = true;
  form.scrollIntoView({ block: "nearest" });
  const field = [...form.querySelectorAll("input, textarea, select")].find(
    (one) => one.type !== "hidden" && one.offsetParent && (one.type !== "radio" || one.checked),
  );
  (field || form.querySelector("[type=submit]")).focus({ preventScroll: true });
}

export function close(push = true, keep = true) {
  const id = openedId() || asked?.id;
  if (!desk().hasAttribute("data-beside")) return false;
  if (keep) keepForms(box());
  if (push) window.history.pushState({ desk: true }, "", address(null));
  box().replaceChildren();
  delete box().dataset.liveUrl;
  box().dataset.liveUrl = "";
  mark(null);
  if (id && rowOf(id)) setCurrent(rowOf(id));
  return true;
}

export function watchBeside() {
  box().addEventListener("click", (event) => {
    if (event.target.closest("[data-retry]")) open(asked.id, asked.action, false);
    if (!event.target.closest("[data-close]")) return;
    event.preventDefault();
    close();
  });
  for (const name of ["htmx:sendError", "htmx:responseError"]) box().addEventListener(name, tellLost);
  window.addEventListener("popstate", () => {
    const id = new URLSearchParams(window.location.search).get("case");
    if (id && id !== openedId()) open(id, "", false);
    else if (!id) close(false);
  });
  if (openedId()) mark(openedId());
}
