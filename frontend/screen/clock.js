import { beijing, serverNow } from "./format.js";

/** The clock in the head, and a beat for spans of time that grow: every second. */
export function watchClock(words, beat) {
  const time = document.getElementById("clock-time");
  const day = document.getElementById("clock-day");
  let minute = "";
  function show() {
    const now = beijing(serverNow());
    time.textContent = `${now.clock}:${now.seconds}`;
    if (now.clock === minute) return;
    minute = now.clock;
    day.textContent = `${now.date} ${words.weekdays[now.weekday]}`;
    beat();
  }
  show();
  window.setInterval(show, 1000);
}
