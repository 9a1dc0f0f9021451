// The film of a training: the samples of every look at a scrubber, played or by hand, beside the real ones.

import { get, url } from "../lib/api.js";
import { h, replace } from "../lib/dom.js";
import { fail } from "../lib/notice.js";
import { iconButton, range } from "../lib/parts.js";
import { t } from "../lib/words.js";

const FRAME = 160; // milliseconds

/** {element, add({step, file}), clear()}; it follows the newest frame until a hand goes back. */
export function film(run, signal) {
  const frames = [];
  const at = (file) => url(`/runs/${encodeURIComponent(run.id)}/files/${file}`);
  const isText = run.makes === "text";
  const picture = isText
    ? h("pre", { class: "scroll", tabindex: 0, "aria-label": t("train.text.label") })
    : h("img", { class: "pixels wide", alt: "", style: { "image-rendering": "pixelated", width: "100%", "max-width": "640px" } });
  const stage = h("div", { class: "grow" }, h("p", { class: "quiet" }, t("train.film.wait")));
  const real = reals(run, at, signal);
  let timer = 0;
  let follows = true;

  const draw = async () => {
    const frame = frames[scrubber.value];
    if (!frame) return;
    if (picture.parentNode !== stage) replace(stage, picture);
    if (isText) {
      const text = await get(`/runs/${encodeURIComponent(run.id)}/files/${frame.file}`, { signal });
      if (frames[scrubber.value] === frame) picture.textContent = text;
      return;
    }
    picture.src = at(frame.file);
    picture.alt = t("train.film.alt", { step: frame.step, name: run.id });
  };
  const scrubber = range(t("train.scrubber"), {
    min: 0,
    max: 0,
    step: 1,
    value: 0,
    show: (index) => (frames[index] ? t("train.step", { step: frames[index].step }) : ""),
    oninput: (index) => {
      follows = index === frames.length - 1;
      stop();
      draw().catch(fail);
    },
  });
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    toggle.setAttribute("aria-pressed", "false");
  };
  const play = () => {
    if (timer) return stop();
    if (scrubber.value >= frames.length - 1) scrubber.set(0);
    toggle.setAttribute("aria-pressed", "true");
    timer = setInterval(() => {
      if (scrubber.value >= frames.length - 1) return stop();
      scrubber.set(scrubber.value + 1);
      draw().catch(fail);
    }, FRAME);
    return undefined;
  };
  const toggle = iconButton("play", t("train.film.play"), { kind: "soft", "aria-pressed": "false", onclick: play });
  signal.addEventListener("abort", () => clearInterval(timer));
  const controls = h("div", { class: "row nowrap", hidden: true }, toggle, h("div", { class: "grow" }, scrubber));
  return {
    element: h("div", { class: "stack" }, h("div", { class: real ? "split" : "" }, stage, real), controls, h("p", { class: "quiet" }, t(isText ? "train.texts.words" : "train.film.words"))),
    add(frame) {
      if (frames.some((one) => one.step === frame.step)) return;
      frames.push(frame);
      frames.sort((a, b) => a.step - b.step);
      scrubber.input.max = frames.length - 1;
      controls.hidden = frames.length < 2;
      if (follows && !timer) {
        scrubber.set(frames.length - 1);
        draw().catch(fail);
      } else scrubber.set(scrubber.value);
    },
    clear() {
      frames.length = 0;
      scrubber.input.max = 0;
      controls.hidden = true;
    },
  };
}

/** Real examples, to compare with. */
function reals(run, at, signal) {
  if (!run.reals) return null;
  const box = h("figure", { class: "stack tight grow" });
  const caption = h("figcaption", { class: "quiet" }, t("train.real"));
  if (!run.reals.endsWith(".txt")) {
    return replace(box, h("img", { src: at(run.reals), alt: t("train.real.alt"), loading: "lazy", style: { "image-rendering": "pixelated", width: "100%", "max-width": "640px" } }), caption);
  }
  get(`/runs/${encodeURIComponent(run.id)}/files/${run.reals}`, { signal }).then(
    (text) => replace(box, h("pre", { class: "scroll", tabindex: 0, "aria-label": t("train.real") }, String(text).slice(0, 3000)), caption),
    fail,
  );
  return box;
}
