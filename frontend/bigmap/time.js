// The slider over the last days: its right end is now (all open events), every other place a day or a week of reports.
const PLAY_MS = 1200;

/** `choose(query)` is told what to ask of the tiles; `asked`: what the address says. */
export function watchTime(settings, asked, choose) {
  const slide = document.getElementById("time-day");
  const span = document.getElementById("time-span");
  const words = document.getElementById("time-words");
  const play = document.getElementById("time-play");
  const last = Number(slide.max);
  let playing = null;

  const dayAt = (value) => {
    const day = new Date(`${settings.today}T12:00:00Z`);
    day.setUTCDate(day.getUTCDate() - (settings.days - value));
    return day;
  };
  const iso = (day) => day.toISOString().slice(0, 10);
  const short = (day) => iso(day).slice(5);

  function say() {
    const value = Number(slide.value);
    if (value === last) words.textContent = words.dataset.now;
    else {
      const day = dayAt(value);
      const from = new Date(day);
      from.setUTCDate(from.getUTCDate() - 6);
      words.textContent = span.value === "week"
        ? words.dataset.week.replace("{from}", short(from)).replace("{to}", short(day))
        : words.dataset.day.replace("{day}", iso(day));
    }
    slide.setAttribute("aria-valuetext", words.textContent);
    span.disabled = value === last;
  }

  function tell() {
    say();
    const value = Number(slide.value);
    choose(value === last ? "" : new URLSearchParams({ day: iso(dayAt(value)), span: span.value }).toString());
  }

  function stop() {
    clearInterval(playing);
    playing = null;
    play.setAttribute("aria-pressed", "false");
  }

  slide.addEventListener("input", say);
  slide.addEventListener("change", () => (stop(), tell()));
  span.addEventListener("change", tell);
  play.addEventListener("click", () => {
    if (playing) return stop();
    play.setAttribute("aria-pressed", "true");
    if (Number(slide.value) === last) slide.value = last - 31;
    playing = setInterval(() => {
      slide.value = Number(slide.value) + 1;
      tell();
      if (Number(slide.value) === last) stop();
    }, PLAY_MS);
  });
  if (asked.get("day")) {
    const back = Math.round((Date.parse(settings.today) - Date.parse(asked.get("day"))) / 86_400_000);
    if (back >= 0 && back <= settings.days) slide.value = settings.days - back;
    if (asked.get("span") === "week") span.value = "week";
    tell();
  }
  say();
}
