// The search box of the map: hits while one types; Enter takes the first, Escape shuts the list.
const PAUSE_MS = 220;

export function watchSearch() {
  const form = document.getElementById("map-search");
  const field = form.querySelector("input");
  const found = document.getElementById("map-found");
  let waiting = null;
  let asked = 0;

  async function look() {
    const words = field.value.trim();
    if (!words) return shut();
    const mine = ++asked;
    const answer = await fetch(`${form.action}?${new URLSearchParams({ q: words })}`);
    if (!answer.ok || answer.redirected || mine !== asked) return;
    found.innerHTML = await answer.text();
    found.hidden = false;
  }

  function shut() {
    found.hidden = true;
  }

  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, PAUSE_MS);
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    await look();
    found.querySelector("a")?.click();
  });
  form.addEventListener("keydown", (event) => {
    const links = [...found.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    if (event.key === "Escape") {
      shut();
      field.focus();
      event.stopPropagation();
    } else if (event.key === "ArrowDown" && links.length) {
      event.preventDefault();
      links[Math.min(at + 1, links.length - 1)].focus();
    } else if (event.key === "ArrowUp" && at >= 0) {
      event.preventDefault();
      (links[at - 1] || field).focus();
    }
  });
  found.addEventListener("click", (event) => event.target.closest("a") && shut());
  document.addEventListener("click", (event) => form.contains(event.target) || shut());
}
