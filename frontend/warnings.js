// Warnings on every page: looked at anew when the live line says so (or every half minute without one), with a sound
// until somebody takes them. Browsers allow sound only after somebody has clicked: until then the banner says so.
const WITHOUT_LINE = 30000;
const EVERY = { major: 2600, serious: 20000 };
const LEASE = "gridcenter-alarm"; // of several tabs one sounds
const MUTE = "gridcenter-mute-serious";
const TAKEN_STAYS = 180000;

const unfolded = new Set(); // on a phone: which lines show where it is and who is called
let spread = false; // whether the lines below the first are unfolded

let context = null;
let timer = 0;

const region = () => document.getElementById("warnings");
const rings = () => region()?.dataset.rings || "";
const muted = () => rings() === "serious" && stored(MUTE) === "1";

function stored(name) {
  try {
    return window.localStorage.getItem(name);
  } catch {
    return null; // a browser that keeps nothing: never muted
  }
}

function store(name, value) {
  try {
    window.localStorage.setItem(name, value);
  } catch {
    // nothing is kept then
  }
}

/** One tone of the sound of a level: falling pairs for major, one soft tone for serious. */
function tone(frequency, start, length, loud) {
  const sound = context.createOscillator();
  const volume = context.createGain();
  sound.type = "triangle";
  sound.frequency.value = frequency;
  volume.gain.setValueAtTime(0, start);
  volume.gain.linearRampToValueAtTime(loud, start + 0.02);
  volume.gain.setValueAtTime(loud, start + length - 0.05);
  volume.gain.linearRampToValueAtTime(0, start + length);
  sound.connect(volume).connect(context.destination);
  sound.start(start);
  sound.stop(start + length);
}

function sound(level) {
  const now = context.currentTime;
  if (level === "major") {
    for (const [n, frequency] of [880, 660, 880, 660].entries()) tone(frequency, now + n * 0.32, 0.28, 0.35);
  } else {
    tone(520, now, 0.4, 0.15);
  }
}

/** Whether this tab is the one that sounds now. */
function mine(level) {
  const [last, who] = (stored(LEASE) || "0 ").split(" ");
  if (who !== me && Date.now() - Number(last) < EVERY[level] * 0.9) return false;
  store(LEASE, `${Date.now()} ${me}`);
  return true;
}

const me = Math.random().toString(36).slice(2);

function beat() {
  window.clearTimeout(timer);
  const level = rings();
  if (!EVERY[level]) return;
  if (context?.state === "running" && !muted() && mine(level)) sound(level);
  timer = window.setTimeout(beat, EVERY[level]);
}

function showSound() {
  const box = region()?.querySelector("[data-sound]");
  if (!box) return;
  const on = context?.state === "running";
  box.hidden = false;
  box.dataset.state = on ? (muted() ? "muted" : "on") : "off";
  box.querySelector("[data-sound-on]").hidden = on;
  box.querySelector("[data-sound-is-on]").hidden = !on || muted();
  const mute = box.querySelector("[data-mute]");
  if (mute) mute.textContent = muted() ? mute.dataset.muted : mute.dataset.words;
}

/** Ask the browser for sound; it stays silent until somebody has clicked or typed on this page. */
async function allow() {
  if (!window.AudioContext) return;
  context ||= new AudioContext();
  if (context.state !== "running") {
    context.resume().catch(() => {});
    await new Promise((done) => window.setTimeout(done, 60));
  }
  showSound();
  if (context.state === "running") beat();
}

function unfold() {
  for (const button of region()?.querySelectorAll("[data-unfold]") ?? []) {
    button.setAttribute("aria-expanded", unfolded.has(button.getAttribute("aria-controls")));
  }
}

function renewed() {
  unfold();
  const rest = region()?.querySelector(".warning-rest");
  if (rest) rest.open = spread;
  else spread = false;
  showSound();
  if (rings()) allow();
  else window.clearTimeout(timer);
  if (region()?.querySelector(".warning-line:not([data-rings])")) window.setTimeout(lookAgain, TAKEN_STAYS);
}

export function lookAgain() {
  const here = region();
  if (here) window.htmx.ajax("GET", here.dataset.url, { target: "#warnings", swap: "outerHTML" });
}

export function watchWarnings() {
  if (!region()) return;
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id === "warnings" || event.target?.id === "warnings") renewed();
  });
  document.addEventListener("click", (event) => {
    const line = event.target.closest("[data-unfold]")?.getAttribute("aria-controls");
    if (line) {
      if (!unfolded.delete(line)) unfolded.add(line);
      unfold();
    }
    if (event.target.closest("[data-mute]")) {
      store(MUTE, muted() ? "0" : "1");
      showSound();
    }
    if (rings() && context?.state !== "running") allow();
  });
  document.addEventListener(
    "toggle",
    (event) => {
      if (event.target.matches?.(".warning-rest") && event.target.isConnected) spread = event.target.open;
    },
    true, // it does not rise
  );
  document.addEventListener("keydown", () => {
    if (rings() && context?.state !== "running") allow();
  });
  document.addEventListener("live:warnings", lookAgain);
  window.setInterval(() => {
    if (document.documentElement.dataset.line !== "open") lookAgain();
  }, WITHOUT_LINE);
  renewed();
}
