// The desk for pictures that are drawn from noise: seed, class, truncation, and sliders that are seen at once.

import { get, post } from "../lib/api.js";
import { h, replace } from "../lib/dom.js";
import { onKey } from "../lib/keys.js";
import { fail } from "../lib/notice.js";
import { button, card, iconButton, pill, range, select } from "../lib/parts.js";
import { number, percent, t } from "../lib/words.js";
import { seedField } from "./seed.js";
import { makeInto, shelf } from "./shelf.js";

const COUNTS = [1, 4, 8, 16, 32, 64];
const SHOWN = 6; // directions before "more"
const REACH = 4; // standard deviations to each side

/** The desk and its shelf. */
export async function picturesDesk(facts, { settings, signal }) {
  const path = `/create/${encodeURIComponent(facts.run)}`;
  const told = settings?.how ? {} : (settings ?? {});
  const kept = { first: told.first, like: told.like, step: told.step, spread: told.spread };
  const at = new Map(Object.entries(told.at ?? {}).map(([index, amount]) => [Number(index), amount]));

  const image = h("img", { alt: "", class: Math.max(...facts.shape.slice(1)) <= 128 ? "pixels" : null });
  const preview = h("div", { class: "preview" }, image);
  const seed = seedField(told.seed, look);
  const count = select(t("create.count"), { options: COUNTS.map((n) => ({ value: n, label: number(n) })), value: told.seed === undefined ? 8 : 1 });
  const classes = facts.classes.map((name, value) => ({ value, label: name }));
  const of = classes.length ? select(t("create.class"), { options: [{ value: "", label: t("create.class.each") }, ...classes], value: told.of ?? "" }) : null;
  of?.input.addEventListener("change", look);
  const truncation = range(t("create.truncation"), { min: 0.1, max: 1.5, step: 0.05, value: told.truncation ?? 1, help: t("create.truncation.help"), show: (x) => number(x), oninput: look });
  const spread = range(t("create.spread"), { min: 0.05, max: 1, step: 0.05, value: told.spread ?? 0.35, help: t("create.spread.help"), show: (x) => number(x) });
  const notes = h("div", { class: "row tight" });
  const sliders = h("div", { class: "sliders" });
  const make = button(t("create.make"), { kind: "primary large wide", icon: "create", onclick: () => work(() => makeInto(made, path, asked(Number(count.input.value)), signal).then(() => seed.next())) });

  const ways = [
    { label: t("create.vary"), icon: "sliders", fits: (some) => some.length === 1 && some[0].kind === "picture" && !some[0].settings.how, do: ([one]) => work(() => vary(one)) },
    { label: t("create.walk"), icon: "walk", fits: (some) => some.length > 1 && some.length <= 24 && some.every((one) => one.kind === "picture" && !one.settings.how), do: (some) => work(() => makeInto(made, `${path}/walk`, { items: some.map((one) => one.id), frames: Math.min(24, Math.floor(480 / some.length)) }, signal)) },
  ];
  const made = await shelf(facts.run, { ways, signal });
  const form = card({ title: t("create.desk") }, preview, notes, seed, h("div", { class: "fields" }, count, of), truncation, make);
  const moving = card({ title: t("create.directions"), actions: button(t("create.directions.reset"), { kind: "soft small", icon: "again", onclick: reset }) }, h("p", { class: "quiet small" }, t("create.directions.help")), sliders, spread);
  drawNotes();
  look();
  drawSliders();
  onKey("n", () => t("create.seed.roll"), () => seed.roll(), signal);
  onKey("m", () => t("create.make"), () => make.click(), signal);
  return { desk: form, made: [moving, made] };

  /** The settings of so many pictures. */
  function asked(n) {
    const body = { seed: seed.value, count: n, truncation: truncation.value };
    if (of && of.input.value !== "") body.of = Number(of.input.value);
    if (at.size) body.at = Object.fromEntries([...at].filter(([, amount]) => amount));
    for (const [name, value] of Object.entries(kept)) if (value !== undefined) body[name] = value;
    return body;
  }

  function vary(one) {
    const body = { like: one.id, first: 1, count: 8, seed: Math.floor(Math.random() * 1e6), spread: spread.value };
    return makeInto(made, path, body, signal);
  }

  /** Show the first picture of these settings; while one look is under way, only the newest waits. */
  function look() {
    look.again = true;
    if (!look.busy) looking();
  }

  async function looking() {
    look.busy = true;
    while (look.again && !signal.aborted) {
      look.again = false;
      preview.classList.add("wait");
      try {
        const picture = await post(`${path}/peek`, asked(1), { signal });
        const old = image.src;
        image.src = URL.createObjectURL(picture);
        image.alt = t("create.preview", { seed: String(seed.value) });
        if (old) URL.revokeObjectURL(old);
      } catch (error) {
        fail(error);
      }
    }
    look.busy = false;
    preview.classList.remove("wait");
  }

  async function drawSliders() {
    try {
      const known = await get(`${path}/directions`, { signal, query: kept.step === undefined ? {} : { step: kept.step } });
      const all = known.map(({ index, share }) =>
        range(t("create.direction", { n: index + 1, share: percent(share) }), {
          min: -REACH, max: REACH, step: 0.1, value: at.get(index) ?? 0, show: (x) => number(x, 1), "data-direction": index,
          oninput: (x) => (at.set(index, x), look()),
        }),
      );
      const rest = all.slice(SHOWN);
      replace(sliders, all.slice(0, SHOWN), rest.length ? h("details", {}, h("summary", {}, t("create.directions.more")), h("div", { class: "sliders" }, rest)) : null);
      sliders.all = all;
    } catch (error) {
      fail(error);
    }
  }

  function reset() {
    at.clear();
    for (const slider of sliders.all ?? []) slider.set(0);
    look();
  }

  /** What a restored file brought along that has no field of its own, each to be dropped. */
  function drawNotes() {
    const names = { like: t("create.note.like"), step: t("create.note.step", { step: String(kept.step) }), first: t("create.note.first", { first: String(kept.first) }) };
    const shown = Object.entries(names).filter(([name]) => kept[name] !== undefined);
    replace(
      notes,
      shown.map(([name, words]) =>
        h("span", { class: "row tight" }, pill(words), iconButton("close", t("create.note.drop", { what: words }), { kind: "plain small", onclick: () => ((kept[name] = undefined), drawNotes(), look()) })),
      ),
    );
    notes.hidden = !shown.length;
  }

  async function work(doing) {
    make.disabled = true;
    try {
      await doing();
    } catch (error) {
      fail(error);
    } finally {
      make.disabled = false;
    }
  }
}
