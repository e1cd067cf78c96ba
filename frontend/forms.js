// Small helps for forms: no double press, no lost words, filters that follow their fields.

/** A form pressed once stays pressed until its answer comes, so a double click sends one step. */
function pressOnce(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method.toLowerCase() !== "post" || form.hasAttribute("hx-post")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  // After this turn of the loop: a disabled button would not send its own name and value.
  setTimeout(() => form.querySelectorAll("[type=submit]").forEach((button) => (button.disabled = true)));
}

function release() {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelectorAll("[type=submit]").forEach((button) => (button.disabled = false));
  }
}

/** Words for a request that came back with nothing to show (server gone, session over). */
function tellFailure(event) {
  const box = document.getElementById("trouble");
  if (!box) return;
  const status = event.detail.xhr ? event.detail.xhr.status : 0;
  if (status === 401 || status === 403) {
    window.location.reload();
    return;
  }
  box.hidden = false;
  box.focus();
}

/** A form that came back says what is wrong where somebody looks: a conflict first, else the first wrong field. */
function showWrong(event) {
  const form = event.detail.elt;
  const wrong = form.matches("form") && (form.querySelector('.conflict[role="alert"]') || form.querySelector(".is-invalid"));
  if (!wrong) return;
  if (wrong.matches(".conflict")) wrong.tabIndex = -1;
  wrong.scrollIntoView({ block: "center" });
  wrong.focus({ preventScroll: true });
}

/** Controls marked data-reveals show the block of that id once they are set. */
function reveal(root) {
  for (const control of root.querySelectorAll("[data-reveals]")) {
    const target = document.getElementById(control.dataset.reveals);
    if (target) target.hidden = control.type === "checkbox" ? !control.checked : control.value === "";
  }
}

/** On a narrow screen the filters would fill the first page: they wait folded, unless some are in use. */
function foldFilters() {
  const box = document.getElementById("filter-box");
  const used = new URLSearchParams(window.location.search).size > 0;
  if (box && !used && window.matchMedia("(max-width: 991px)").matches) box.removeAttribute("open");
}

export function watchForms() {
  document.addEventListener("submit", pressOnce);
  window.addEventListener("pageshow", release);
  document.addEventListener("change", () => reveal(document));
  document.body.addEventListener("htmx:load", showWrong);
  document.body.addEventListener("htmx:sendError", tellFailure);
  document.body.addEventListener("htmx:responseError", tellFailure);
  reveal(document);
  foldFilters();
}
