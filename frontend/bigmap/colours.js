// Colours of the classes: light to dark by need of attention. Red belongs to what is late, amber to rates that are poor.
const RAMPS = {
  blue: ["#dbe8f4", "#b3cfe8", "#82afd8", "#4c88bf", "#1c5a97"],
  amber: ["#f3d9a0", "#e5b556", "#c98f24"],
  red: ["#fadfda", "#f3b6ab", "#e58374", "#cf4f45", "#a01f25"],
};
export const ZERO = "#f8fafb";
export const NONE = "#d9d9d4";

/** The colour of class `number` of `classes`; the first may be that of zero. Rates are darkest where lowest, the `poor` ones amber. */
export function colourOf({ number, classes, zero, tone, kind, poor }) {
  if (number === null || number === undefined) return NONE;
  if (kind === "rate") return number < poor ? shade(RAMPS.amber, poor - 1 - number, poor) : shade(RAMPS.blue, classes - 1 - number, classes - poor);
  if (zero && number === 0) return ZERO;
  return shade(RAMPS[tone], number - Number(zero), classes - Number(zero));
}

/** Of a ramp's colours, the one for step `at` of `steps`. */
function shade(ramp, at, steps) {
  return ramp[steps === 1 ? ramp.length >> 1 : Math.round((at / (steps - 1)) * (ramp.length - 1))];
}
