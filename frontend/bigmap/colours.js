// Colours of the classes: light to dark by need of attention. Red belongs to what is late.
const RAMPS = {
  blue: ["#dbe8f4", "#b3cfe8", "#82afd8", "#4c88bf", "#1c5a97"],
  red: ["#fadfda", "#f3b6ab", "#e58374", "#cf4f45", "#a01f25"],
};
export const ZERO = "#f8fafb";
export const NONE = "#d9d9d4";

/** The colour of class `number` of `classes`; the first may be that of zero; rates are darkest where lowest. */
export function colourOf({ number, classes, zero, tone, kind }) {
  if (number === null || number === undefined) return NONE;
  const ramp = RAMPS[tone] || RAMPS.blue;
  const steps = zero ? classes - 1 : classes;
  const at = zero ? number - 1 : number;
  if (at < 0) return ZERO;
  const place = steps === 1 ? 2 : Math.round((at / (steps - 1)) * (ramp.length - 1));
  return ramp[kind === "rate" ? ramp.length - 1 - place : place];
}
