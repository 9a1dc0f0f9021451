// Drawing one's own distribution on the plane: with a pointer, or with arrow keys and the space bar.

import { h, replace } from "../lib/dom.js";
import { announce } from "../lib/notice.js";
import { button } from "../lib/parts.js";
import { number, t } from "../lib/words.js";

const APART = 0.03; // between points of one stroke
const STEP = 0.05; // of an arrow key; a fifth of it with Shift
const MOST = 2000;

/** `.start()` and `.stop()`; `.points()` are those drawn so far, or null; `done(points)` is told when they are to be learned. */
export function drawing({ canvas, at, edge, repaint, done, signal }) {
  let points = null;
  let aim = [0, 0];
  let down = false;
  const bar = h("div", { class: "stack tight", hidden: true });
  const count = h("span", { class: "quiet small", role: "status" });
  const learn = button(t("laboratory.draw.learn"), { kind: "primary small", icon: "play", onclick: () => finish() });
  const undo = button(t("laboratory.draw.back"), { kind: "soft small", icon: "left", onclick: () => back() });
  const clear = button(t("laboratory.draw.clear"), { kind: "soft small", icon: "trash", onclick: () => ((points = []), drawn()) });
  replace(bar, h("p", { class: "small" }, t("laboratory.draw.help")), h("div", { class: "row tight" }, learn, undo, clear, count));

  const drawn = () => {
    count.textContent = t("laboratory.draw.count", { n: points.length });
    learn.disabled = points.length === 0;
    repaint();
  };
  const put = (place) => {
    const last = points.at(-1);
    if (points.length >= MOST || (last && Math.hypot(last[0] - place[0], last[1] - place[1]) < APART)) return;
    points.push(place.map((one) => Math.round(one * 1000) / 1000));
    drawn();
  };
  const back = () => (points.pop(), drawn());
  const finish = () => {
    const own = points;
    tool.stop();
    done(own);
  };
  const tool = {
    bar,
    points: () => points,
    aim: () => (document.activeElement === canvas ? aim : null),
    start() {
      points = [];
      bar.hidden = false;
      canvas.classList.add("drawing");
      canvas.setAttribute("role", "application");
      canvas.focus();
      drawn();
    },
    stop() {
      points = null;
      bar.hidden = true;
      canvas.classList.remove("drawing");
      canvas.setAttribute("role", "img");
      repaint();
    },
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (!points) return;
    down = true;
    canvas.setPointerCapture(event.pointerId);
    put(at(event));
  });
  canvas.addEventListener("pointermove", (event) => down && points && put(at(event)));
  window.addEventListener("pointerup", () => (down = false), { signal });
  canvas.addEventListener("focus", repaint);
  canvas.addEventListener("blur", repaint);
  canvas.addEventListener("keydown", (event) => {
    if (!points) return;
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (by) {
      const step = event.shiftKey ? STEP / 5 : STEP;
      aim = aim.map((one, axis) => Math.max(-edge, Math.min(edge, one + by[axis] * step)));
      announce(t("laboratory.draw.at", { x: number(aim[0], 2), y: number(aim[1], 2) }));
      repaint();
    } else if (event.key === " ") put([...aim]);
    else if (event.key === "Enter" && points.length) finish();
    else if (event.key === "Backspace") back();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return tool;
}
