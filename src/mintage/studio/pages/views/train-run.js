// One run while it learns: the film of its samples, its curves, its health with advice; two runs side by side.

import { get, post, remove, url } from "../lib/api.js";
import { chart } from "../lib/chart.js";
import { h, replace } from "../lib/dom.js";
import { listen } from "../lib/live.js";
import { announce, fail, say } from "../lib/notice.js";
import { button, card, facts, icon, linkButton, pageHead, pill, progressBar, select } from "../lib/parts.js";
import { go, to } from "../lib/route.js";
import { duration, has, number, t } from "../lib/words.js";
import { film } from "./train-film.js";

const NOT_CURVES = new Set(["step", "images", "seconds", "rate", "event"]);
const MOST_CURVES = 6;

/** A run, and beside it another one if the address names it. */
export async function showRun(place, id, other, signal) {
  const [run, all] = await Promise.all([get(`/runs/${encodeURIComponent(id)}`, { signal }), get("/runs", { signal })]);
  const second = other && all.some((one) => one.id === other) ? await get(`/runs/${encodeURIComponent(other)}`, { signal }) : null;
  const job = h("div", { class: "row" });
  const actions = [
    linkButton(t("train.create"), to("create", id), { kind: "primary", icon: "create" }),
    linkButton(t("train.judge"), to("judge", id), { kind: "soft", icon: "judge" }),
  ];
  const bar = progressBar(t("train.progress"));
  const columns = [column(run, signal, { bar, sole: !second }), second && column(second, signal, { sole: false })].filter(Boolean);
  replace(
    place,
    h("a", { class: "quiet", href: to("train") }, t("train.back")),
    pageHead(run.id, null, ...actions),
    h("div", { class: "row between" }, job, compare(run, second, all)),
    bar,
    h("div", { class: second ? "split" : "stack loose" }, columns),
    foot(run),
  );
  controls(job, id, bar, signal);
}

/** Pause, resume, cancel: what can be done with the job of this run. */
function controls(place, id, bar, signal) {
  const act = (job, verb) => () => post(`/jobs/${job.id}/${verb}`).catch(fail);
  let before = "";
  const update = (job) => {
    if (job.run !== id || job.kind !== "train") return;
    const over = ["done", "failed", "cancelled"].includes(job.state);
    bar.hidden = over;
    const left = job.state === "running" && job.eta_seconds !== null ? t("train.left", { time: duration(job.eta_seconds) }) : "";
    const step = job.steps ? t("train.step.of", { step: job.step, steps: job.steps }) : "";
    bar.update(job.steps ? job.step / job.steps : null, [step, left].filter(Boolean).join(" · "));
    if (before === job.state) return;
    if (before) announce(t("train.job.said", { title: job.title, state: t(`train.state.${job.state}`) }), { now: true });
    before = job.state;
    replace(
      place,
      pill(t(`train.state.${job.state}`), { running: "busy", pausing: "busy", done: "ok", failed: "danger" }[job.state] ?? "quiet"),
      job.state === "running" ? button(t("train.pause"), { kind: "soft", icon: "pause", onclick: act(job, "pause") }) : null,
      job.state === "paused" ? button(t("train.resume"), { kind: "primary", icon: "play", onclick: act(job, "resume") }) : null,
      over ? null : button(t("train.cancel"), { kind: "plain", icon: "stop", onclick: act(job, "cancel") }),
      job.state === "failed" ? h("span", { class: "note danger" }, icon("alert"), h("span", {}, job.message)) : null,
    );
  };
  bar.hidden = true;
  listen("/jobs/events", { job: update }, signal);
}

/** All that is shown of one run; rows come live, and from the beginning. */
function column(run, signal, { sole }) {
  const shown = film(run, signal);
  const curves = h("div", { class: "stack" }, h("p", { class: "quiet" }, t("train.curves.wait")));
  const health = h("div", { class: "stack tight" });
  const rows = [];
  const told = new Map(run.health.map((one) => [`${one.name} ${one.step}`, one]));
  let charts = null;
  let asked = 0;
  const draw = () => {
    asked = 0;
    const keys = curveKeys(rows);
    if (!charts || charts.keys !== keys.join()) charts = drawCharts(curves, keys, signal);
    charts.set(rows);
  };
  const soon = () => (asked ||= setTimeout(draw, 300));
  const row = (data) => {
    while (rows.length && rows.at(-1).step >= data.step) rows.pop(); // a resumed run tells its last steps again
    rows.push(data);
    soon();
  };
  const reset = () => ((rows.length = 0), told.clear(), shown.clear(), drawHealth(health, told, run));
  const diagnosis = (data) => {
    told.set(`${data.name} ${data.step}`, data);
    drawHealth(health, told, run);
    if (!run.finished) announce(t("train.health.said", { what: t(`train.health.${data.name}`) }));
  };
  const score = (data) => (rows.length && (rows.at(-1)[`score/${data.name}`] = data.value), soon());
  const sample = (data) => shown.add({ step: data.step, file: data.file });
  const known = card({ title: t("train.facts") }, facts(factsOf(run)));
  const end = async () => {
    if (!rows.length) replace(curves, h("p", { class: "quiet" }, t("train.curves.none")));
    if (run.finished) return;
    Object.assign(run, await get(`/runs/${encodeURIComponent(run.id)}`, { signal }));
    drawHealth(health, told, run);
    known.lastChild.replaceWith(facts(factsOf(run)));
  };
  listen(`/runs/${encodeURIComponent(run.id)}/events`, { row, sample, diagnosis, score, reset, end: () => end().catch(fail) }, signal);
  drawHealth(health, told, run);
  signal.addEventListener("abort", () => clearTimeout(asked));
  return h(
    "div",
    { class: "stack loose grow" },
    sole ? null : h("h2", {}, h("a", { href: to("train", run.id) }, run.id)),
    card({ title: t(run.makes === "text" ? "train.texts" : "train.film") }, shown.element),
    card({ title: t("train.health") }, health),
    card({ title: t("train.curves") }, curves),
    known,
  );
}

/** Names of the figures to draw. */
function curveKeys(rows) {
  const found = new Set();
  for (const row of rows.slice(-40)) for (const [key, value] of Object.entries(row)) if (!NOT_CURVES.has(key) && typeof value === "number") found.add(key);
  return [...found].sort();
}

/** Charts for these figures: losses, D(real) and D(fake) as probabilities, scores. */
function drawCharts(place, keys, signal) {
  replace(place);
  const all = [];
  const add = (title, series, change = (row) => row) => {
    if (!series.length) return;
    const box = h("div", { class: "stack tight" }, h("h3", {}, title));
    place.append(box);
    const drawn = chart(box, { series: series.slice(0, MOST_CURVES), label: title, signal });
    all.push((rows) => drawn.set(rows.map(change)));
  };
  const judged = ["real", "fake", "heldout"].map((one) => `discriminator/${one}`).filter((key) => keys.includes(key));
  const losses = keys.filter((key) => !judged.includes(key) && !key.startsWith("score/") && !/recognition|r1$|r2$/.test(key));
  const label = (key) => {
    const known = key.replace("/", ".");
    return has(`train.figure.${known}`) ? t(`train.figure.${known}`) : key.replace("/", ": ");
  };
  add(t("train.losses"), losses.map((key) => ({ key, label: label(key) })));
  const logits = judged.map((key) => ({ key, label: label(key), dash: key.endsWith("heldout") }));
  add(t("train.verdicts"), logits, (row) => ({ ...row, ...Object.fromEntries(judged.map((key) => [key, probability(row[key])])) }));
  add(t("train.scores"), keys.filter((key) => key.startsWith("score/")).map((key) => ({ key, label: key.slice(6).replaceAll("_", " ") })));
  return { keys: keys.join(), set: (rows) => all.forEach((set) => set(rows)) };
}

/** The probability that a logit stands for. */
function probability(logit) {
  return typeof logit === "number" ? 1 / (1 + Math.exp(-logit)) : null;
}

/** What goes wrong, newest first, and what to do; or that all is well. */
function drawHealth(place, told, run) {
  const found = [...told.values()].sort((a, b) => b.step - a.step);
  if (!found.length) {
    replace(place, h("p", { class: "row tight" }, pill(t("train.health.ok"), "ok"), t(run.steps ? "train.health.ok.words" : "train.health.early")));
    return;
  }
  const notes = found.slice(0, 6).map((one) =>
    h(
      "div",
      { class: "note warn" },
      icon("alert"),
      h(
        "div",
        { class: "stack tight" },
        h("strong", {}, has(`train.health.${one.name}`) ? t(`train.health.${one.name}`) : one.name, " · ", t("train.step", { step: one.step })),
        h("p", {}, has(`train.advice.${one.name}`) ? t(`train.advice.${one.name}`) : one.advice),
        h("details", {}, h("summary", {}, t("train.health.more")), h("p", { lang: "en" }, one.message, " ", one.advice)),
      ),
    ),
  );
  replace(place, notes);
}

/** What a run is made of, in pairs. */
function factsOf(run) {
  const { recipe, facts: known } = run;
  const model = recipe.model ?? {};
  return [
    [t("train.model"), model.name ?? ""],
    [t("train.steps"), t("train.step.of", { step: run.steps, steps: run.planned })],
    [t("train.batch"), number(recipe.training?.batch ?? 0)],
    [t("train.learned.from"), t("train.examples", { n: known.data?.train ?? 0 })],
    [t("train.parameters"), Object.entries(known.parameters ?? {}).map(([name, n]) => `${name} ${number(n)}`).join(", ")],
    [t("train.took"), duration(run.seconds)],
    run.checkpoints.length ? [t("train.chosen"), t("train.step", { step: run.checkpoints.find((one) => one.chosen)?.step ?? 0 })] : null,
  ];
}

/** Choose another run to see beside this one. */
function compare(run, second, all) {
  const others = all.filter((one) => one.id !== run.id);
  if (!others.length) return null;
  const options = [{ value: "", label: t("train.compare.none") }, ...others.map((one) => ({ value: one.id, label: one.id }))];
  return select(t("train.compare"), { options, value: second?.id ?? "", onchange: (event) => go(to("train", run.id, event.target.value ? { with: event.target.value } : {})) });
}

/** The report, and the way into the trash. */
function foot(run) {
  const path = `/runs/${encodeURIComponent(run.id)}`;
  const leave = async () => {
    await remove(path);
    say(t("train.deleted", { name: run.id }), { undo: async () => (await post(`${path}/restore`), go(to("train", run.id))) });
    go(to("judge"));
  };
  return h(
    "div",
    { class: "row between" },
    run.has_report ? linkButton(t("train.report"), url(`${path}/files/report.html`), { kind: "soft", icon: "file", target: "_blank", rel: "noopener" }) : h("span", {}),
    button(t("train.delete"), { kind: "danger soft", icon: "trash", onclick: () => leave().catch(fail) }),
  );
}
