// The plane of the laboratory on a canvas: what the discriminator believes, the generator's sheet, points and slopes.

const EDGE = 1.25; // the square that is seen goes from -EDGE to EDGE
const SIZE = 620;
const ARROW = 0.16; // longest arrow

/** A painter for frames: `.paint({frame, reals, layers, drawn, cross})`, `.at(event)` is the place under a pointer. */
export function plane(canvas) {
  const scale = Math.min(2, window.devicePixelRatio || 1);
  canvas.width = canvas.height = SIZE * scale;
  const context = canvas.getContext("2d");
  const small = document.createElement("canvas");
  const to = (x, y) => [((x / EDGE + 1) / 2) * SIZE * scale, ((1 - y / EDGE) / 2) * SIZE * scale];

  const colours = () => {
    const style = getComputedStyle(canvas);
    const probe = document.createElement("span");
    canvas.after(probe);
    const read = (name) => {
      probe.style.color = style.getPropertyValue(name);
      return getComputedStyle(probe).color;
    };
    const found = { real: read("--curve-1"), fake: read("--curve-2"), sheet: read("--curve-4"), ink: read("--ink"), card: read("--card"), warm: read("--curve-1"), cold: read("--curve-2") };
    probe.remove();
    return found;
  };
  let ink = null; // known once the canvas is in the page

  const field = (frame) => {
    const cells = frame.cells;
    const bytes = Uint8Array.from(atob(frame.field), (letter) => letter.charCodeAt(0));
    small.width = small.height = cells;
    const [warm, cold] = [rgb(ink.warm), rgb(ink.cold)];
    const picture = new ImageData(cells, cells);
    bytes.forEach((value, place) => {
      const away = value / 127.5 - 1; // -1: fake, 1: real
      const colour = away > 0 ? warm : cold;
      picture.data.set([...colour, Math.abs(away) * 115], place * 4);
    });
    small.getContext("2d").putImageData(picture, 0, 0);
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(small, 0, 0, canvas.width, canvas.height);
  };
  const sheet = ({ grid, lines }) => {
    context.strokeStyle = ink.sheet;
    context.globalAlpha = 0.55;
    context.lineWidth = scale;
    const point = (row, column) => {
      const place = 2 * (row * lines + column);
      return to(grid[place] / 1000, grid[place + 1] / 1000);
    };
    context.beginPath();
    for (let one = 0; one < lines; one += 1) {
      for (let other = 0; other < lines; other += 1) context[other ? "lineTo" : "moveTo"](...point(one, other));
      for (let other = 0; other < lines; other += 1) context[other ? "lineTo" : "moveTo"](...point(other, one));
    }
    context.stroke();
    context.globalAlpha = 1;
  };
  const dots = (flat, colour, size, { ring = false, part = 1000 } = {}) => {
    context.fillStyle = context.strokeStyle = colour;
    context.lineWidth = 1.4 * scale;
    for (let place = 0; place < flat.length; place += 2) {
      const [x, y] = to(flat[place] / part, flat[place + 1] / part);
      context.beginPath();
      if (ring) context.rect(x - size * scale, y - size * scale, 2 * size * scale, 2 * size * scale);
      else context.arc(x, y, size * scale, 0, 7);
      context[ring ? "stroke" : "fill"]();
    }
  };
  const arrows = (flat) => {
    context.strokeStyle = ink.ink;
    context.globalAlpha = 0.7;
    context.lineWidth = 1.2 * scale;
    context.beginPath();
    for (let place = 0; place < flat.length; place += 4) {
      const [x, y, u, v] = flat.slice(place, place + 4).map((one) => one / 1000);
      const long = Math.hypot(u, v);
      if (!long) continue;
      const reach = (ARROW * Math.tanh(long)) / long;
      const [ax, ay] = to(x, y);
      const [bx, by] = to(x + u * reach, y + v * reach);
      const turn = Math.atan2(by - ay, bx - ax);
      context.moveTo(ax, ay);
      context.lineTo(bx, by);
      for (const side of [-2.6, 2.6]) {
        context.moveTo(bx, by);
        context.lineTo(bx + 5 * scale * Math.cos(turn + side), by + 5 * scale * Math.sin(turn + side));
      }
    }
    context.stroke();
    context.globalAlpha = 1;
  };
  const cross = ([x, y]) => {
    const [px, py] = to(x, y);
    context.strokeStyle = ink.ink;
    context.lineWidth = 2 * scale;
    context.beginPath();
    for (const [dx, dy] of [[12, 0], [0, 12]]) {
      context.moveTo(px - dx * scale, py - dy * scale);
      context.lineTo(px + dx * scale, py + dy * scale);
    }
    context.stroke();
  };

  return {
    EDGE,
    recolour: () => (ink = null),
    at: (event) => {
      const box = canvas.getBoundingClientRect();
      const place = (share) => Math.max(-EDGE, Math.min(EDGE, (2 * share - 1) * EDGE));
      return [place((event.clientX - box.left) / box.width), -place((event.clientY - box.top) / box.height)];
    },
    paint({ frame, reals, layers, drawn, aim }) {
      if (!canvas.isConnected) return;
      ink ??= colours();
      context.fillStyle = ink.card;
      context.fillRect(0, 0, canvas.width, canvas.height);
      if (drawn) {
        dots(drawn.flat(), ink.real, 3, { part: 1 });
        if (aim) cross(aim);
        return;
      }
      if (!frame) return;
      if (layers.field) field(frame);
      if (layers.grid) sheet(frame);
      if (layers.reals) dots(reals, ink.real, 2.2, { ring: true });
      if (layers.fakes) dots(frame.fakes, ink.fake, 2.8);
      if (layers.arrows) arrows(frame.arrows);
    },
  };
}

/** The three numbers of a colour as the browser writes it. */
function rgb(text) {
  const found = text.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0];
  return text.startsWith("color(") ? found.slice(0, 3).map((one) => one * 255) : found.slice(0, 3);
}
