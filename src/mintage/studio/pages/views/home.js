// The first page: what Mintage does in three steps, where the person stands in them, and what runs.

import { get } from "../lib/api.js";
import { h, replace } from "../lib/dom.js";
import { dropZone, sendData } from "../lib/drop.js";
import { icon } from "../lib/icons.js";
import { listen } from "../lib/live.js";
import { fail, say } from "../lib/notice.js";
import { linkButton, progressBar } from "../lib/parts.js";
import { go, to } from "../lib/route.js";
import { duration, percent, t, when } from "../lib/words.js";
import { playMinting } from "../lib/minting.js";

const ACTIVE = new Set(["queued", "running", "pausing", "paused"]);

/** The whole page; it knows what exists before it offers the next step. */
export async function show(place, { signal }) {
  const [data, runs] = await Promise.all([known("/data", signal), known("/runs", signal)]);
  const own = data.filter((one) => !one.builtin);
  const trained = runs.filter((run) => run.steps > 0 || run.finished);
  const jobs = h("section", { hidden: true, "aria-labelledby": "home-jobs" });
  replace(place, hero(trained, signal), steps(own, trained), jobs, latest(trained));
  follow(jobs, signal);
}

/** What a list of the server holds; an empty one where it does not answer yet. */
async function known(path, signal) {
  try {
    return await get(path, { signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    if (error.status !== 404) fail(error);
    return [];
  }
}

/** The greeting: a place to drop on for a newcomer; a way on for everyone else. */
function hero(trained, signal) {
  const canvas = h("canvas", { width: 174, height: 124, "aria-hidden": "true" });
  playMinting(canvas, signal);
  const side = trained.length ? canvas : landing(signal);
  const start = trained.length
    ? [linkButton(t("home.make"), to("create", trained[0].id), { kind: "primary large", icon: "create" }), linkButton(t("home.more"), to("data"), { kind: "soft large" })]
    : [linkButton(t("home.builtin"), to("train", { data: "fashion-mnist" }), { kind: "soft large", icon: "play" })];
  return h(
    "section",
    { class: "hero" },
    h("div", {}, h("h1", {}, t("home.title")), h("p", { class: "lead" }, t("home.lead")), h("div", { class: "row" }, start)),
    side,
  );
}

/** Where data lands; what is dropped goes to the studio at once, and the person to its report. */
function landing(signal) {
  const bar = progressBar(t("home.sending"));
  bar.hidden = true;
  const onfiles = async (files) => {
    bar.hidden = false;
    try {
      const { name } = await sendData(files, { signal, onProgress: (share) => bar.update(share, percent(share)) });
      say(t("home.sent", { name }));
      go(to("data", name));
    } finally {
      bar.hidden = true;
    }
  };
  return h("div", { class: "stack" }, dropZone({ onfiles, signal }), bar);
}

/** The three steps; the one to take next stands out. */
function steps(own, trained) {
  const next = trained.length ? "create" : own.length ? "train" : "data";
  const done = { data: own.length + trained.length > 0, train: trained.length > 0, create: false };
  const where = { data: to("data"), train: to("train", own.length ? { data: own[0].name } : {}), create: to("create", ...trained.slice(0, 1).map((run) => run.id)) };
  const all = ["data", "train", "create"].map((name, index) =>
    h(
      "li",
      { class: ["card", name === next && "accent", done[name] && "done"] },
      h("span", { class: "count", "aria-hidden": "true" }, done[name] && name !== next ? icon("check", 18) : String(index + 1)),
      h("h2", {}, t(`home.${name}.title`)),
      h("p", {}, t(`home.${name}.words`)),
      linkButton(t(`home.${name}.go`), where[name], { kind: name === next ? "primary" : "soft", icon: name }),
    ),
  );
  return h("ol", { class: "steps", "aria-label": t("home.steps") }, all);
}

/** Jobs that run or wait, kept fresh. */
function follow(section, signal) {
  const list = h("ul", { class: "joblist" });
  const rows = new Map();
  replace(section, h("div", { class: "section-head" }, h("h2", { id: "home-jobs" }, t("home.jobs")), h("a", { href: to("train") }, t("home.jobs.all"))), list);
  const drop = (id) => {
    rows.get(id)?.remove();
    rows.delete(id);
    section.hidden = rows.size === 0;
  };
  const update = (job) => {
    if (!ACTIVE.has(job.state)) return drop(job.id);
    if (!rows.has(job.id)) {
      rows.set(job.id, jobRow(job));
      list.append(rows.get(job.id));
    }
    rows.get(job.id).update(job);
    section.hidden = false;
  };
  known("/jobs", signal).then((all) => {
    if (signal.aborted) return;
    all.forEach(update);
    listen("/jobs/events", { job: update, gone: (job) => drop(job.id ?? job) }, signal);
  }, fail);
}

/** One job: its title, how far it is, what is left. */
function jobRow(job) {
  const bar = progressBar(job.title);
  const state = h("small", { class: "quiet" });
  const title = job.run ? h("a", { href: to("train", job.run) }, job.title) : h("span", {}, job.title);
  const row = h("li", { class: "card flat stack tight" }, h("div", { class: "row between" }, h("strong", {}, title), state), bar);
  row.update = ({ state: now, step, steps: all, eta_seconds: left }) => {
    state.textContent = left && now === "running" ? t("home.left", { time: duration(left) }) : t(`home.state.${now}`);
    bar.update(all ? step / all : now === "running" ? null : 0);
  };
  return row;
}

/** The newest runs as tiles. */
function latest(runs) {
  if (!runs.length) return null;
  const tiles = runs.slice(0, 6).map((run) => {
    const cover = run.cover
      ? h("img", { src: run.cover, alt: t("home.cover", { name: run.name }), loading: "lazy", class: "pixels" })
      : h("div", { class: "cover" }, icon({ text: "text", table: "table" }[run.makes] ?? "picture", 36));
    return h("a", { class: "tile", href: to("create", run.id) }, cover, h("div", { class: "words" }, h("strong", { class: "truncate" }, run.name), h("small", { class: "quiet" }, when(run.created))));
  });
  const head = h("div", { class: "section-head" }, h("h2", { id: "home-runs" }, t("home.runs")), h("a", { href: to("judge") }, t("home.runs.all")));
  return h("section", { "aria-labelledby": "home-runs" }, head, h("div", { class: "grid", style: { "--least": "160px" } }, tiles));
}
