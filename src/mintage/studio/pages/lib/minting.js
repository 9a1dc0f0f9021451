// A small picture of what Mintage does: noise that becomes shapes, once, and again when it is touched.

const SIDE = 24;
const GAP = 1;
const SHAPES = [
  (x, y, a) => Math.hypot(x, y) - 0.62 - 0.1 * a,
  (x, y, a) => Math.abs(Math.hypot(x, y) - 0.58) - 0.14 - 0.08 * a,
  (x, y, a) => Math.max(Math.abs(x), Math.abs(y)) - 0.5 - 0.12 * a,
  (x, y, a) => Math.abs(x) + Math.abs(y) - 0.72 - 0.12 * a,
  (x, y, a) => Math.min(Math.max(Math.abs(x) - 0.2, Math.abs(y) - 0.7), Math.max(Math.abs(y) - 0.2, Math.abs(x) - 0.6 - 0.1 * a)),
  (x, y, a) => Math.hypot(x, y) - 0.5 - 0.16 * Math.cos(5 * Math.atan2(x, -y) + a),
  (x, y, a) => Math.max(Math.hypot(x, y + 0.1) - 0.72, 0.5 + 0.1 * a - Math.hypot(x + 0.32, y + 0.3)),
];

/** Draw a grid of small pictures that come out of noise in a few seconds and then rest. */
export function playMinting(canvas, signal) {
  const columns = Math.floor((canvas.width + GAP) / (SIDE + GAP));
  const rows = Math.floor((canvas.height + GAP) / (SIDE + GAP));
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const pen = canvas.getContext("2d");
  const grain = Float32Array.from({ length: columns * rows * SIDE * SIDE }, () => Math.random());
  const start = Math.floor(Math.random() * SHAPES.length);
  const tiles = Array.from({ length: columns * rows }, (_, index) => {
    const shape = SHAPES[(start + (index % columns) * 3 + Math.floor(index / columns) * 5 + (index % 7 === 0)) % SHAPES.length];
    const turn = (Math.random() - 0.5) * 1.1;
    return { shape, a: Math.random(), late: Math.random(), cos: Math.cos(turn), sin: Math.sin(turn) };
  });
  let begun = 0;
  let asked = 0;
  let last = 0;

  const draw = (share) => {
    const [back, front] = colours(canvas);
    const image = pen.createImageData(SIDE, SIDE);
    tiles.forEach(({ shape, a, late, cos, sin }, index) => {
      const ready = Math.min(1, Math.max(0, (share * 1.6 - late * 0.6) / 1));
      const noise = (1 - ready) ** 1.5;
      for (let at = 0; at < SIDE * SIDE; at += 1) {
        const x = ((at % SIDE) / (SIDE - 1)) * 2 - 1;
        const y = (Math.floor(at / SIDE) / (SIDE - 1)) * 2 - 1;
        const inside = Math.min(1, Math.max(0, 0.5 - shape(x * cos - y * sin, x * sin + y * cos, a) * 7)) * (0.55 + 0.45 * (1 - (x + y + 2) / 4));
        const coarse = grain[(index * SIDE * SIDE + at + Math.floor(share * 90) * 37 * (ready < 1)) % grain.length];
        const value = inside * (1 - noise) + coarse * noise;
        for (let c = 0; c < 3; c += 1) image.data[at * 4 + c] = back[c] + (front[c] - back[c]) * value;
        image.data[at * 4 + 3] = 255;
      }
      pen.putImageData(image, (index % columns) * (SIDE + GAP), Math.floor(index / columns) * (SIDE + GAP));
    });
  };
  const frame = (now) => {
    begun ||= now;
    const share = Math.min(1, (now - begun) / 3600);
    if (now - last > 60 || share === 1) {
      last = now;
      draw(share);
    }
    asked = share < 1 && !signal.aborted ? requestAnimationFrame(frame) : 0;
  };
  const play = () => {
    if (still) return draw(1);
    begun = 0;
    asked ||= requestAnimationFrame(frame);
  };
  canvas.addEventListener("pointerenter", () => asked || play());
  document.addEventListener("themechange", () => asked || draw(1), { signal });
  signal.addEventListener("abort", () => cancelAnimationFrame(asked));
  requestAnimationFrame(play);
}

/** The theme's quiet and accent colours as three numbers each. */
function colours(canvas) {
  const dark = getComputedStyle(canvas).colorScheme === "dark" || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  return dark ? [[23, 32, 28], [110, 222, 180]] : [[228, 240, 234], [10, 117, 87]];
}
