// Base maps in other coordinate systems than the map's own, redrawn square by square.
const SIDE = 256;
const STRIP = 8; // lines of a square that are taken as evenly spaced in degrees
const AXIS = 6378245; // of the Krasovsky ellipsoid, on which GCJ-02 is defined
const FLATTENING = 0.00669342162296594323;

/** {url, crs, plain} of an address whose coordinate system stands behind a #. */
export function baseOf(address) {
  const [url, crs = "EPSG:3857"] = address.split("#");
  return { url, crs: decodeURIComponent(crs), plain: crs === "EPSG:3857" };
}

function wave(x, y) {
  const sum = (value, parts) => parts.reduce((all, [factor, by]) => all + factor * Math.sin((value * Math.PI) / by), 0);
  const both = (20 * Math.sin(6 * x * Math.PI) + 20 * Math.sin(2 * x * Math.PI)) * 2 / 3;
  const north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x)) + both
    + (sum(y, [[20, 1], [40, 3]]) * 2) / 3 + (sum(y, [[160, 12], [320, 30]]) * 2) / 3;
  const east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x)) + both
    + (sum(x, [[20, 1], [40, 3]]) * 2) / 3 + (sum(x, [[150, 12], [300, 30]]) * 2) / 3;
  return { north, east };
}

/** GCJ-02 longitude and latitude of a WGS 84 point in China. */
export function shifted(lon, lat) {
  const { north, east } = wave(lon - 105, lat - 35);
  const angle = (lat / 180) * Math.PI;
  const magic = 1 - FLATTENING * Math.sin(angle) ** 2;
  const root = Math.sqrt(magic);
  return [
    lon + (east * 180) / ((AXIS / root) * Math.cos(angle) * Math.PI),
    lat + (north * 180) / (((AXIS * (1 - FLATTENING)) / (magic * root)) * Math.PI),
  ];
}

const latitude = (row, n) => (Math.atan(Math.sinh(Math.PI * (1 - (2 * row) / n))) * 180) / Math.PI;
const column = (lon, n) => ((lon + 180) / 360) * n;
const rowOf = (lat, n) => ((1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2) * n;

const kept = new Map();

/** The picture of one square of the base map; null where there is none. The last ones are kept: neighbours share them. */
function picture({ url }, z, x, y) {
  const address = url.replace("{z}", z).replace("{x}", x).replace("{y}", y);
  if (!kept.has(address)) {
    if (kept.size > 200) kept.delete(kept.keys().next().value);
    kept.set(address, fetch(address, { referrerPolicy: "no-referrer" })
      .then((answer) => (answer.ok ? answer.blob() : null))
      .then((blob) => blob && createImageBitmap(blob))
      .catch(() => null));
  }
  return kept.get(address);
}

/** Draws web mercator's square {z, x, y} from a base map in GCJ-02 or in degrees. */
export async function drawSquare(base, square, canvas) {
  canvas.width = canvas.height = SIDE;
  const pen = canvas.getContext("2d");
  await (base.crs === "GCJ-02" ? drawShifted : drawDegrees)(base, square, pen);
}

async function drawShifted(base, { z, x, y }, pen) {
  const n = 2 ** z;
  const [lon, lat] = shifted(((x + 0.5) / n) * 360 - 180, latitude(y + 0.5, n));
  const left = column(lon, n) - 0.5;
  const top = rowOf(lat, n) - 0.5;
  for (let col = Math.floor(left); col < left + 1; col += 1) {
    for (let row = Math.floor(top); row < top + 1; row += 1) {
      const image = await picture(base, z, col, row);
      if (image) pen.drawImage(image, Math.round((col - left) * SIDE), Math.round((row - top) * SIDE), SIDE, SIDE);
    }
  }
}

async function drawDegrees(base, { z, x, y }, pen) {
  const n = 2 ** z;
  const line = (pixel) => ((90 - latitude(y + pixel / SIDE, n)) / 360) * n; // rows of the matrix in degrees
  for (let pixel = 0; pixel < SIDE; pixel += STRIP) {
    const from = line(pixel);
    const until = line(pixel + STRIP);
    for (let row = Math.floor(from); row < until; row += 1) {
      const image = await picture(base, z, x, row);
      if (!image) continue;
      const low = Math.max(from, row);
      const high = Math.min(until, row + 1);
      const at = pixel + ((low - from) / (until - from)) * STRIP;
      pen.drawImage(image, 0, (low - row) * SIDE, SIDE, (high - low) * SIDE, 0, at, SIDE, ((high - low) / (until - from)) * STRIP + 0.5);
    }
  }
}
