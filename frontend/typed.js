// Whether somebody has typed or chosen something in a form.

function isTyped(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.tagName !== "SELECT") return field.value !== field.defaultValue;
  const options = [...field.options];
  // A list without a preset option shows its first one.
  const preset = options.some((option) => option.defaultSelected) || field.multiple;
  return options.some((option, at) => option.selected !== (preset ? option.defaultSelected : at === 0));
}

/** A form that came back to be mended holds what was typed before. */
export function isFilledIn(form) {
  return "again" in form.dataset || [...form.querySelectorAll("textarea, input:not([type=hidden]), select")].some(isTyped);
}
