import { readFileSync, readdirSync } from "node:fs";
import { defineConfig } from "vite";
import { icons } from "./frontend/icons.js";

const ICONS = "node_modules/@tabler/icons/icons/outline/";
const LIGHTS = "frontend/lights/";

/** One symbol of the sprite: the drawing without its <svg> frame and without the invisible bounding box. */
function symbol(id, file, attributes) {
  const [, viewBox] = file.match(/viewBox="([^"]+)"/);
  const drawing = file
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/^[\s\S]*?<svg[^>]*>|<\/svg>\s*$/g, "")
    .replace(/<path stroke="none"[^>]*\/>/g, "")
    .trim();
  return `<symbol id="${id}" viewBox="${viewBox}" ${attributes}>${drawing}</symbol>`;
}

/** Packs the icons that pages use into dist/icons.svg: one cached file instead of a font with 5,000 glyphs. */
function sprite() {
  const stroke = 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"';
  return {
    name: "icon-sprite",
    generateBundle() {
      const outlines = icons.map((name) => symbol(name, readFileSync(`${ICONS}${name}.svg`, "utf8"), stroke));
      const lights = readdirSync(LIGHTS).map((name) =>
        symbol(`light-${name.replace(".svg", "")}`, readFileSync(LIGHTS + name, "utf8"), ""),
      );
      const source = `<svg xmlns="http://www.w3.org/2000/svg">${[...outlines, ...lights].join("")}</svg>`;
      this.emitFile({ type: "asset", fileName: "icons.svg", source });
    },
  };
}

export default defineConfig({
  root: "frontend",
  // Relative addresses inside the bundle: it works under whatever STATIC_URL says.
  base: "./",
  plugins: [sprite()],
  publicDir: false,
  build: {
    outDir: "../static/dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    sourcemap: false,
    // Files stay files: the content security policy allows no inlined fonts.
    assetsInlineLimit: 0,
    rollupOptions: {
      // Entries without a common part: each map is loaded on the pages that have it, a wall loads nothing of the desk.
      input: {
        main: "frontend/main.js",
        map: "frontend/map.js",
        "map-page": "frontend/map-page.js",
        screen: "frontend/screen.js",
      },
      // htmx holds an eval that its allowEval=false setting never reaches.
      checks: { eval: false },
    },
  },
});
