// Small pictures of the chosen photos, before they are sent.
function preview(input) {
  const box = input.closest("[data-photos]").querySelector("[data-previews]");
  for (const old of box.querySelectorAll("img")) URL.revokeObjectURL(old.src);
  box.replaceChildren(
    ...[...input.files].slice(0, 12).map((file) => {
      const figure = document.createElement("figure");
      if (file.type.startsWith("image/")) {
        const image = document.createElement("img");
        image.src = URL.createObjectURL(file);
        image.alt = file.name;
        image.onerror = () => image.remove(); // HEIC: taken, but few browsers can show it; its name stays
        figure.append(image);
      }
      const caption = document.createElement("figcaption");
      caption.textContent = file.name;
      figure.append(caption);
      return figure;
    }),
  );
}

export function watchPhotos() {
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-photos] input[type=file]")) preview(event.target);
  });
}
