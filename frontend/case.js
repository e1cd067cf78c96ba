// A case that is open: who else is at it, and suggestions taken by a press. Also where it stands beside a list.
import { choose } from "./picker.js";
import { isFilledIn } from "./typed.js";

const EVERY = 10000;

let shown = null; // the address that the others are told of

function token() {
  return JSON.parse(document.body.getAttribute("hx-headers") || "{}");
}

function send(url, facts, options = {}) {
  return fetch(url, { method: "POST", headers: token(), body: new URLSearchParams(facts), credentials: "same-origin", ...options });
}

/** The step in whose form something has been typed or chosen. */
function doing() {
  const form = [...document.querySelectorAll(".move-form")].find(isFilledIn);
  return form ? form.id.replace(/^do-|-form$/g, "") : "";
}

async function renew() {
  const box = document.querySelector("[data-present]");
  const url = box ? box.dataset.present : null;
  if (shown && shown !== url) send(shown, { left: "1" }, { keepalive: true }).catch(() => {});
  shown = url;
  if (!url) return;
  try {
    const answer = await send(url, { doing: doing() });
    const words = answer.ok && !answer.redirected ? await answer.text() : "";
    if (box.isConnected && box.innerHTML.trim() !== words.trim()) box.innerHTML = words;
  } catch {
    box.replaceChildren(); // the server is away: nothing is known of the others
  }
}

/** Put a suggested value into its field; the person still presses the button. */
function take(link) {
  const form = link.closest("form");
  const name = link.dataset.suggest;
  const select = form && form.querySelector(`select[name="${name}"]`);
  if (select) {
    select.value = link.dataset.value;
    select.focus();
    return true;
  }
  const radio = choose(form, name, link.dataset.value, link.firstElementChild.textContent);
  if (!radio) return false;
  radio.focus();
  return true;
}

export function watchCases() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-suggest]");
    if (link && take(link)) event.preventDefault();
  });
  document.addEventListener("htmx:afterSettle", () => {
    const box = document.querySelector("[data-present]");
    if ((box ? box.dataset.present : null) !== shown) renew();
  });
  window.addEventListener("pagehide", () => {
    if (shown) send(shown, { left: "1" }, { keepalive: true }).catch(() => {});
    shown = null;
  });
  window.addEventListener("pageshow", renew);
  window.setInterval(renew, EVERY);
}
