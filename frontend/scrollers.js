// Tables wider than their card scroll by themselves. Whoever has no mouse must reach them to do so; those that fit are no
// stop on the way.
const BOXES = ".scroll-x";

function mark() {
  // A table that fits is no scroller: its head can stay in sight while the page is scrolled.
  for (const box of document.querySelectorAll(".rows-box")) {
    box.removeAttribute("data-fits");
    box.toggleAttribute("data-fits", box.scrollWidth <= box.clientWidth);
  }
  for (const box of document.querySelectorAll(BOXES)) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

export function watchScrollers() {
  window.addEventListener("resize", mark);
  document.addEventListener("rows:new", mark);
  document.addEventListener("htmx:afterSettle", mark);
  document.addEventListener("toggle", mark, true);
  window.addEventListener("load", mark);
  mark();
}
