// The laboratory: a GAN in two dimensions, run by the same engine as any training, with everything in sight.

import { post } from "../lib/api.js";
import { chart } from "../lib/chart.js";
import { h, replace } from "../lib/dom.js";
import { onKey } from "../lib/keys.js";
import { listen } from "../lib/live.js";
import { announce, fail, say } from "../lib/notice.js";
import { button, card, form, pageHead, select } from "../lib/parts.js";
import { number, percent, t } from "../lib/words.js";
import { drawing } from "../making/drawing.js";
import { plane } from "../making/plane.js";
import { dressed } from "../making/style.js";

const SHAPES = ["ring", "grid", "moons", "line", "points"];
const LAYERS = { field: null, grid: "--curve-4", reals: "--curve-1", fakes: "--curve-2", arrows: "--ink" };
const TOLD_EVERY = 1000; // milliseconds between two descriptions that are written under the plane
const SAID_EVERY = 8000; // milliseconds between two descriptions that a screen reader hears

/** The whole page. */
export async function show(place, { signal }) {
  await dressed();
  let session = null;
  let frame = null;
  let line = null;
  let heard = 0; // when it was said aloud
  let told = 0; // when it was written
  const layers = Object.fromEntries(Object.keys(LAYERS).map((name) => [name, true]));

  const canvas = h("canvas", { role: "img", tabindex: 0, "aria-label": t("laboratory.plane") });
  const seen = plane(canvas);
  const words = h("p", { class: "quiet" });
  const figures = h("div", { class: "numbers" });
  const settings = h("div");
  const losses = h("div");
  const reach = h("div");
  const curves = () => [
    chart(replace(losses), { signal, height: 160, label: t("laboratory.losses"), series: [{ key: "discriminator", label: t("laboratory.discriminator") }, { key: "generator", label: t("laboratory.generator") }] }),
    chart(replace(reach), { signal, height: 140, label: t("laboratory.modes"), series: [{ key: "modes", label: t("laboratory.modes.share") }, { key: "divergence", label: t("laboratory.divergence") }] }),
  ];
  let [lossChart, modeChart] = curves();

  const play = button(t("laboratory.play"), { kind: "primary", icon: "play", onclick: () => act(frame?.playing ? { pause: true } : { play: true }) });
  const steps = ["generator", "discriminator", "both"].map((which) => button(t(`laboratory.step.${which}`), { kind: "soft", icon: "step", onclick: () => act({ step: which }).then(describe) }));
  const restart = button(t("laboratory.restart"), { kind: "plain", icon: "again", onclick: () => act({ restart: true }).then(() => ([lossChart, modeChart] = curves())) });
  const shape = select(t("laboratory.shape"), { options: SHAPES.map((value) => ({ value, label: t(`laboratory.shape.${value}`) })) });
  const own = drawing({ canvas, at: seen.at, edge: seen.EDGE, repaint: paint, signal, done: (points) => open("points", points).then(() => canvas.focus({ preventScroll: true }), fail) });
  shape.input.addEventListener("change", () => (shape.input.value === "points" ? own.start() : (own.stop(), open(shape.input.value).catch(fail))));
  const switches = Object.entries(LAYERS).map(([name, colour]) => {
    const input = h("input", { type: "checkbox", checked: true, onchange: () => ((layers[name] = input.checked), paint()) });
    return h("label", {}, input, colour && h("span", { class: "swatch", style: { "--colour": `var(${colour})` } }), t(`laboratory.layer.${name}`));
  });

  const stage = card({ class: "stage" }, h("div", { class: "row" }, play, steps, restart), own.bar, h("div", { class: "plane" }, canvas), h("div", { class: "layers", role: "group", "aria-label": t("laboratory.layers") }, switches), words);
  const side = card({ title: t("laboratory.now") }, shape, figures, losses, reach);
  const rules = card({ title: t("laboratory.settings") }, settings);
  replace(place, pageHead(t("laboratory.title"), t("laboratory.lead")), h("div", { class: "split" }, stage, side), rules);
  onKey("p", () => t("laboratory.play"), () => play.click(), signal);
  onKey("1", () => t("laboratory.step.generator"), () => steps[0].click(), signal);
  onKey("2", () => t("laboratory.step.discriminator"), () => steps[1].click(), signal);
  document.addEventListener("themechange", () => (seen.recolour(), paint()), { signal });
  signal.addEventListener("abort", () => session && frame?.playing && post(`/laboratory/${session.id}/do`, { pause: true }).catch(() => {}));
  await open("ring");

  /** Begin with a distribution, under the settings that are there. */
  async function open(distribution, points) {
    const body = { distribution, settings: session?.settings ?? {} };
    if (points) body.points = points;
    const playing = frame?.playing;
    if (playing) await act({ pause: true });
    words.textContent ||= t("shell.waiting");
    session = await post("/laboratory", body, { signal });
    line?.close();
    line = listen(`/laboratory/${session.id}/events`, { frame: take }, signal);
    [lossChart, modeChart] = curves();
    drawSettings();
    take(session.frame);
    describe();
    if (playing) await act({ play: true });
  }

  /** Tell the session what to do; one that was forgotten is begun anew. */
  async function act(asked) {
    if (!session) return undefined;
    try {
      const said = await post(`/laboratory/${session.id}/do`, asked, { signal });
      take(said.frame);
      return said;
    } catch (error) {
      if (error.status !== 404) return fail(error);
      say(t("laboratory.forgotten"));
      return open(session.distribution === "points" ? "ring" : session.distribution).catch(fail);
    }
  }

  function drawSettings() {
    const drawn = form(session.schema, session.settings, {
      onchange: async () => {
        if (!drawn.check()) return;
        session.settings = drawn.values();
        await act({ settings: session.settings });
      },
    });
    replace(settings, drawn.element);
  }

  /** Show a frame. */
  function take(coming) {
    const isNew = coming.step !== (frame?.step ?? 0);
    frame = coming;
    if (isNew && frame.step > 0) {
      lossChart.add({ step: frame.step, ...frame.losses });
      modeChart.add({ step: frame.step, modes: frame.modes / frame.of, divergence: frame.divergence });
    }
    play.replaceChildren(...button(t(frame.playing ? "laboratory.pause" : "laboratory.play"), { icon: frame.playing ? "pause" : "play" }).childNodes);
    const figure = (value, label) => h("div", {}, h("div", { class: "figure" }, value), h("small", { class: "quiet" }, label));
    replace(
      figures,
      figure(number(frame.step), t("laboratory.steps")),
      figure(`${number(frame.modes)} / ${number(frame.of)}`, t("laboratory.modes")),
      figure(number(frame.divergence, 3), t("laboratory.divergence.floor", { floor: number(frame.floor, 3) })),
    );
    paint();
    if (!frame.finite) words.textContent = t("laboratory.broken");
    else if (Date.now() - told > TOLD_EVERY || !frame.playing) describe();
  }

  /** What is seen, in words, for those who do not see it; said aloud only now and then. */
  function describe() {
    if (!frame) return;
    const said = t("laboratory.said", { step: frame.step, modes: frame.modes, of: frame.of, good: percent(frame.good), belief: t(`laboratory.belief.${belief()}`), divergence: number(frame.divergence, 2) });
    if (words.textContent === said) return;
    words.textContent = said;
    canvas.setAttribute("aria-label", `${t("laboratory.plane")} ${said}`);
    told = Date.now();
    if (told - heard < SAID_EVERY) return;
    heard = told;
    announce(said);
  }

  /** How sure the discriminator is over the plane: "unsure", "some", "sure". */
  function belief() {
    const bytes = Uint8Array.from(atob(frame.field), (letter) => letter.charCodeAt(0));
    const sure = bytes.reduce((sum, value) => sum + Math.abs(value - 127.5), 0) / bytes.length / 127.5;
    return sure < 0.25 ? "unsure" : sure < 0.6 ? "some" : "sure";
  }

  function paint() {
    seen.paint({ frame, reals: session?.reals ?? [], layers, drawn: own.points(), aim: own.aim() });
  }
}
