// How high the bar and the warnings below it stand: what sticks to the top, or is scrolled into sight, begins below them.

export function above() {
  return [".topbar", ".above"].reduce((sum, part) => sum + (document.querySelector(part)?.offsetHeight || 0), 0);
}

export function watchAbove() {
  const parts = document.querySelectorAll(".topbar, .above");
  const measure = () => document.documentElement.style.setProperty("--above", `${above()}px`);
  const observer = new ResizeObserver(measure);
  for (const part of parts) observer.observe(part);
  if (parts.length) measure();
}
