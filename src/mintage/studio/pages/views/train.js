// Training: choose data and a length of time, press one button; below it the queue. One run has a page of its own.

import { ApiError, get, post } from "../lib/api.js";
import { h, replace } from "../lib/dom.js";
import { announce, fail, say } from "../lib/notice.js";
import { button, card, emptyState, facts, form, icon, linkButton, pageHead, range, select } from "../lib/parts.js";
import { go, to } from "../lib/route.js";
import { duration, has, number, t } from "../lib/words.js";
import { showRun } from "./train-run.js";
import { showQueue } from "./train-queue.js";

const BUDGETS = ["1m", "2m", "4m", "8m", "15m", "30m", "1h", "2h", "4h", "8h", "12h"];
const USUAL = 3;
const UNITS = { m: 60, h: 3600 };
const PAUSE = 600; // milliseconds that the dial has to rest before the machine is measured

/** The form and the queue, or one run. */
export async function show(place, { parts, query, signal }) {
  if (parts.length) return showRun(place, parts[0], query.with, signal);
  const data = await get("/data", { signal });
  const queue = h("div", { class: "stack" });
  const started = { id: null };
  replace(place, pageHead(t("train.title"), t("train.lead")), starter(data, query.data, started, signal), queue);
  showQueue(queue, signal, (job) => {
    if (job.id === started.id && job.run && job.state === "running") go(to("train", job.run));
  });
}

/** Seconds of "15m". */
function seconds(budget) {
  return parseInt(budget, 10) * UNITS[budget.at(-1)];
}

/** What is needed to start: data, time, and for those who want it the recipe. */
function starter(data, wanted, started, signal) {
  if (!data.length) return emptyState({ picture: "data", title: t("train.nothing"), words: t("train.nothing.words"), action: linkButton(t("train.to.data"), to("data"), { kind: "primary" }) });
  const own = data.filter((one) => !one.builtin);
  const chosen = data.some((one) => one.name === wanted) ? wanted : (own[0] ?? data[0]).name;
  const options = data.map((one) => ({ value: one.name, label: one.builtin ? t("train.builtin", { name: one.name }) : one.name }));
  const which = select(t("train.data"), { options, value: chosen, name: "data", onchange: () => (recipe.load(), guess.ask()) });
  const dial = range(t("train.budget"), {
    min: 0,
    max: BUDGETS.length - 1,
    step: 1,
    value: USUAL,
    name: "budget",
    help: t("train.budget.help"),
    show: (at) => duration(seconds(BUDGETS[at])),
    onchange: () => guess.ask(),
  });
  const asked = () => recipe.asked({ data: which.input.value, budget: BUDGETS[dial.value] });
  const guess = estimate(asked, signal);
  const recipe = settings(() => which.input.value, () => guess.ask(), signal);
  const go_ = button(t("train.start"), { kind: "primary large", icon: "play", onclick: () => start(asked, recipe, started, go_).catch(fail) });
  guess.ask();
  return card({ class: "wide", title: t("train.new") }, h("div", { class: "split" }, h("div", { class: "stack" }, which, dial, recipe.element), h("div", { class: "stack" }, guess.element, h("div", { class: "row" }, go_))));
}

/** Order the training. */
async function start(asked, recipe, started, pressed) {
  if (!recipe.check()) return;
  pressed.disabled = true;
  try {
    const job = await post("/jobs", { kind: "train", ...asked() });
    started.id = job.id;
    say(t("train.started", { name: job.title }), { undo: async () => void (await post(`/jobs/${job.id}/cancel`)) });
  } finally {
    pressed.disabled = false;
  }
}

/** What the time buys on this machine; asked again whenever the dial rests. */
function estimate(asked, signal) {
  const body = h("div", { class: "stack tight", "aria-live": "off" });
  const element = h("div", { class: "card flat stack tight" }, h("h3", {}, t("train.estimate")), body);
  let timer = 0;
  let going = new AbortController();
  signal.addEventListener("abort", () => (clearTimeout(timer), going.abort()));
  const measure = async () => {
    going.abort();
    going = new AbortController();
    const mine = going.signal;
    replace(body, h("p", { class: "quiet" }, t("train.measuring")), h("progress", { "aria-label": t("train.measuring") }));
    try {
      const wish = asked();
      if (!wish.budget) {
        replace(body, h("p", { class: "quiet" }, t("train.estimate.steps")));
        return;
      }
      const found = await post("/estimate", wish, { signal: mine });
      if (mine.aborted) return;
      replace(body, told(found));
      announce(t("train.estimate.said", { time: duration(found.seconds), steps: found.steps }));
    } catch (error) {
      if (mine.aborted || error.name === "AbortError") return;
      replace(body, h("p", { class: "note warn" }, icon("alert"), h("span", {}, error instanceof ApiError ? error.detail : String(error))));
    }
  };
  const ask = () => {
    clearTimeout(timer);
    going.abort();
    replace(body, h("p", { class: "quiet" }, t("train.measuring")));
    timer = setTimeout(measure, PAUSE);
  };
  return { element, ask };
}

/** An estimate in words. */
function told(found) {
  const sizes = Object.entries(found.sizes).map(([name, value]) => `${has(`train.size.${name}`) ? t(`train.size.${name}`) : name} ${number(value)}`);
  const unit = t(`train.unit.${found.unit}`);
  const more = /^(.+) would pay for (.+)$/.exec(found.more);
  const next = more ? t("train.more.size", { time: more[1], size: more[2] }) : found.more.includes("not worth") ? t("train.more.none") : t("train.more.longer");
  return [
    h("p", { class: "figure" }, t("train.done.in", { time: duration(found.seconds) })),
    facts([
      [t("train.model"), h("span", { lang: "en" }, found.model)],
      [t("train.sizes"), sizes.join(", ")],
      [t("train.steps"), number(found.steps)],
      [t("train.looks"), t("train.looks.words", { samples: found.samples, unit, passes: Math.round(found.passes * 10) / 10 })],
      [t("train.rate"), t("train.rate.words", { rate: Math.round(found.rate), unit })],
    ]),
    h("p", { class: "quiet" }, next),
  ];
}

/** The model and its settings, folded away until someone wants them. */
function settings(data, changed, signal) {
  const box = h("div", { class: "stack" });
  const element = h("details", {}, h("summary", {}, t("train.settings")), h("p", { class: "help" }, t("train.settings.help")), box);
  let drawn = null;
  let model = "";
  const draw = async () => {
    const found = await get("/schema", { signal, query: { model: model || null, data: data() } });
    drawn = form(found.schema, found.defaults, { onchange: changed });
    for (const group of drawn.element.firstElementChild.children) if (group.tagName === "DETAILS") group.open = true;
    replace(box, picker, drawn.element);
  };
  let picker = null;
  const load = async () => {
    model = "";
    drawn = null;
    if (!element.open) return;
    const models = await get("/models", { signal, query: { data: data() } });
    const options = [{ value: "", label: t("train.model.auto") }, ...models.filter((one) => one.fits).map((one) => ({ value: one.name, label: one.name }))];
    const about = h("p", { class: "help", lang: "en" });
    const choose = () => {
      model = choice.input.value;
      about.textContent = models.find((one) => one.name === model)?.words ?? "";
      draw().catch(fail);
      changed();
    };
    const choice = select(t("train.model"), { options, value: "", name: "model", onchange: choose });
    picker = h("div", { class: "stack tight" }, choice, about);
    await draw();
  };
  element.addEventListener("toggle", () => element.open && !drawn && load().catch(fail));
  return {
    element,
    load: () => load().catch(fail),
    check: () => drawn?.check() ?? true,
    asked(base) {
      const overrides = {};
      for (const [path, value] of Object.entries(drawn?.changes() ?? {})) {
        const names = path.split(".");
        let place = overrides;
        for (const name of names.slice(0, -1)) place = place[name] ??= {};
        place[names.at(-1)] = value;
      }
      const timed = overrides.training?.steps === undefined; // whoever says how many steps has no use for a time
      return { ...base, budget: timed ? base.budget : "", model, overrides };
    },
  };
}
