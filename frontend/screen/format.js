// Numbers and spans of time as people read them from afar.

export function fill(pattern, values) {
  return pattern.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

export function number(value) {
  return value === null || value === undefined ? "—" : value.toLocaleString("en");
}

/** A level's name: one that ships in the reader's language, another as it is. */
export function levelName(name, words) {
  return words.levels[name] ?? name;
}

/** 0.9731 as 97.3 (the sign stands apart); "—" where nothing was to be counted. */
export function percent(share) {
  if (share === null || share === undefined) return "—";
  return share === 1 ? "100" : (Math.floor(share * 1000) / 10).toFixed(1); // never 100 while something is missing
}

/** Seconds in at most two units. */
export function span(seconds, words) {
  const whole = Math.max(0, Math.floor(seconds));
  const d = Math.floor(whole / 86400);
  const h = Math.floor((whole % 86400) / 3600);
  const m = Math.floor((whole % 3600) / 60);
  if (d >= 10 || (d && !h)) return fill(words.days, { d });
  if (d) return fill(words.days_hours, { d, h });
  if (h) return m ? fill(words.hours_minutes, { h, m }) : fill(words.hours, { h });
  return fill(words.minutes, { m });
}

/** How old figures are: seconds, then minutes. */
export function age(seconds, words) {
  return seconds < 60 ? fill(words.seconds, { s: Math.max(0, Math.floor(seconds)) }) : span(seconds, words);
}

const two = (value) => String(value).padStart(2, "0");

/** The territory's time (UTC+8), whatever the machine at the wall believes. */
export function beijing(milliseconds) {
  const shifted = new Date(milliseconds + 8 * 3600 * 1000);
  return {
    date: `${shifted.getUTCFullYear()}-${two(shifted.getUTCMonth() + 1)}-${two(shifted.getUTCDate())}`,
    day: `${two(shifted.getUTCMonth() + 1)}-${two(shifted.getUTCDate())}`,
    clock: `${two(shifted.getUTCHours())}:${two(shifted.getUTCMinutes())}`,
    seconds: two(shifted.getUTCSeconds()),
    weekday: shifted.getUTCDay(),
  };
}

const offset = { milliseconds: 0 };

/** The server's time: clocks of machines at walls are often wrong. */
export function serverNow() {
  return Date.now() + offset.milliseconds;
}

export function setServerTime(seconds) {
  offset.milliseconds = seconds * 1000 - Date.now();
}
