// A search box over radio buttons: what is chosen in it, and putting a choice there that nobody has looked for.

/** What is chosen in the search boxes of a form, with the words it was found by: [name, value, words, hint]. */
export function chosenIn(form) {
  return [...form.querySelectorAll("[data-picker] .choices input:checked")].map((radio) => {
    const [words, hint] = radio.nextElementSibling.childNodes;
    return [radio.name, radio.value, words.textContent, hint?.textContent || ""];
  });
}

/** Puts one choice into the search box of this name; the radio button, or nothing if the form has no such box. */
export function choose(form, name, value, words, hint = "") {
  const boxes = [...(form?.querySelectorAll("[data-picker]") || [])];
  const box = boxes.find((one) => one.querySelector("input[type=search]").name === `${name}_q`);
  if (!box) return null;
  const label = document.createElement("label");
  const radio = document.createElement("input");
  Object.assign(radio, { type: "radio", name, value, checked: true });
  const text = document.createElement("span");
  text.textContent = words;
  if (hint) text.append(Object.assign(document.createElement("small"), { textContent: hint }));
  label.append(radio, text);
  box.querySelector(".choices").replaceChildren(label);
  return radio;
}
