// Behind a grid's boundary: the outlines of its parent and of its siblings, so that borders can be drawn to meet.
window.addEventListener("map:init", async (event) => {
  const page = window.location.pathname;
  if (!page.endsWith("/change/")) return;
  const answer = await fetch(page.replace(/change\/$/, "around/"));
  if (!answer.ok) return;
  const { map } = event.detail;
  const looks = {
    parent: { color: "#555", weight: 3, dashArray: "6 4", fill: false },
    sibling: { color: "#888", weight: 1, fillOpacity: 0.12 },
  };
  const around = L.geoJSON(await answer.json(), {
    interactive: false,
    style: (feature) => looks[feature.properties.kind],
    onEachFeature: (feature, layer) => {
      if (feature.properties.kind === "sibling") {
        layer.bindTooltip(feature.properties.name, { permanent: true, direction: "center", className: "grid-name" });
      }
    },
  });
  around.addTo(map);
  around.bringToBack();
  const drawn = document.querySelector("textarea[name=boundary]");
  if (drawn && !drawn.value && around.getBounds().isValid()) map.fitBounds(around.getBounds());
});
