// The case beside the list: opened into the address, so that Back closes it and a link opens it again.
import { rowOf, setCurrent } from "./rows.js";

const desk = () => document.getElementById("desk");
const box = () => document.getElementById("beside");
const narrow = () => window.matchMedia("(max-width: 991px)").matches;

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
  window.htmx.ajax("GET", url, { source: box(), target: box(), swap: "innerHTML" }).then(() => show(action));
}

function show(action) {
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

export function close(push = true) {
  const id = openedId();
  if (!desk().hasAttribute("data-beside")) return false;
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
    if (!event.target.closest("[data-close]")) return;
    event.preventDefault();
    close();
  });
  window.addEventListener("popstate", () => {
    const id = new URLSearchParams(window.location.search).get("case");
    if (id && id !== openedId()) open(id, "", false);
    else if (!id) close(false);
  });
  if (openedId()) mark(openedId());
}
