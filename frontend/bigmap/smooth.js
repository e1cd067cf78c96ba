// Office machines without a graphics card draw the map in software, and what costs there is the number of pixels: while the map
// moves it is drawn with fewer, and sharp again when it stands.
const MOVING = 0.5; // of the pixels of each side
const SLOW_MS = 34; // a frame that takes longer is below thirty a second
const ENOUGH = 6; // frames looked at before a machine is called slow
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

function inSoftware(map) {
  const gl = map.getCanvas().getContext("webgl2");
  const about = gl?.getExtension("WEBGL_debug_renderer_info");
  return SOFTWARE.test((about && gl.getParameter(about.UNMASKED_RENDERER_WEBGL)) || "");
}

/** Keeps a map moving smoothly where drawing is slow. */
export function keepSmooth(map) {
  const whole = map.getPixelRatio();
  let slow = inSoftware(map);
  let last = 0;
  let times = [];
  let setting = false; // the map tells of a move of its own when it is drawn with other pixels
  const draw = (ratio) => {
    if (setting || map.getPixelRatio() === ratio) return;
    setting = true;
    map.setPixelRatio(ratio);
    setting = false;
  };
  map.on("movestart", () => {
    [last, times] = [0, []];
    if (slow) draw(whole * MOVING);
  });
  map.on("render", () => {
    if (slow || !map.isMoving()) return;
    const now = performance.now();
    if (last) times.push(now - last);
    last = now;
    if (times.length >= ENOUGH && times.reduce((sum, one) => sum + one) / times.length > SLOW_MS) slow = true;
  });
  map.on("moveend", () => draw(whole));
}
