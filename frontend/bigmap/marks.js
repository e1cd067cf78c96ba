// The lights as pictures for the map: the same shapes as beside the words, so that colour is never alone.
const FILL = { red: "#c22525", yellow: "#d98200", green: "#1d7a46", paused: "#5b5f97", done: "#66778a" };
const BODY = {
  red: "M8 1.2h8L22.8 8v8L16 22.8H8L1.2 16V8z",
  yellow: "M12 1.6L23 21.4H1z",
  green: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20z",
  paused: "M3 3h18v18H3z",
  done: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z",
};
const SIGN = {
  red: "M8.4 8.4l7.2 7.2M15.6 8.4l-7.2 7.2",
  yellow: "M12 9v5.6M12 17.6v.6",
  green: "M7.4 12.4l3.1 3.1 6.1-6.6",
  paused: "M9.4 8v8M14.6 8v8",
  done: "M8 12h8",
};
const OTHERS = {
  unit: ["M3 21V8l9-6 9 6v13z", "M9 21v-6h6v6", "#0f5ea8"],
  place: ["M12 23C7 16.5 4 13 4 9a8 8 0 0 1 16 0c0 4-3 7.5-8 14z", "M12 6v6M9 9h6", "#7a4b14"],
  worker: ["M12 1.5a5 5 0 1 0 0 10 5 5 0 0 0 0-10zM2.5 23c0-6 4-9.5 9.5-9.5s9.5 3.5 9.5 9.5z", "", "#10314f"],
};
const SIDE = 24;

function drawn(body, sign, fill, pixels, ring) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = pixels;
  const pen = canvas.getContext("2d");
  pen.scale(pixels / (SIDE + 4), pixels / (SIDE + 4));
  pen.translate(2, 2);
  const shape = new Path2D(body);
  pen.lineJoin = pen.lineCap = "round";
  pen.lineWidth = ring;
  pen.strokeStyle = "#fff";
  pen.stroke(shape);
  pen.fillStyle = fill;
  pen.fill(shape);
  if (sign) {
    pen.lineWidth = 2.6;
    pen.stroke(new Path2D(sign));
  }
  return pen.getImageData(0, 0, pixels, pixels);
}

/** Adds all marks to a map: light-red …, mark-unit, mark-place, mark-worker, and the hatch of what is not known. */
export function addMarks(map) {
  for (const light of Object.keys(BODY)) map.addImage(`light-${light}`, drawn(BODY[light], SIGN[light], FILL[light], 44, 4), { pixelRatio: 2 });
  for (const [name, [body, sign, fill]] of Object.entries(OTHERS)) map.addImage(`mark-${name}`, drawn(body, sign, fill, 40, 4), { pixelRatio: 2 });
  map.addImage("hatch", hatch(), { pixelRatio: 2 });
}

function hatch() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 16;
  const pen = canvas.getContext("2d");
  pen.strokeStyle = "#9a9a92";
  pen.lineWidth = 1.5;
  for (const shift of [-16, 0, 16]) {
    pen.moveTo(shift, 16);
    pen.lineTo(shift + 16, 0);
  }
  pen.stroke();
  return pen.getImageData(0, 0, 16, 16);
}
