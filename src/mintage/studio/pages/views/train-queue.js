// The queue of jobs: what runs, what waits, what has ended; paused, resumed, cancelled and reordered by mouse or keys.

import { get, post, remove, url } from "../lib/api.js";
import { h, replace } from "../lib/dom.js";
import { listen } from "../lib/live.js";
import { announce, fail, say } from "../lib/notice.js";
import { emptyState, iconButton, linkButton, pill, progressBar } from "../lib/parts.js";
import { to } from "../lib/route.js";
import { duration, has, number, t, when } from "../lib/words.js";

const KINDS = { running: "busy", pausing: "busy", done: "ok", failed: "danger" };
const ENDED = new Set(["done", "failed", "cancelled"]);
const RANK = { running: 0, pausing: 0, queued: 1, paused: 2 };

/** Fill a place with the queue and keep it fresh; `onjob` hears of every change. */
export function showQueue(place, signal, onjob = () => {}) {
  const jobs = new Map();
  const rows = new Map();
  const list = h("ol", { class: "joblist", "aria-label": t("train.queue") });
  const ended = h("ul", { class: "joblist", "aria-label": t("train.ended") });
  const past = h("details", {}, h("summary", {}, t("train.ended")), ended);
  const empty = emptyState({ picture: "clock", title: t("train.queue.empty"), words: t("train.queue.empty.words") });
  replace(place, h("h2", {}, t("train.queue")), empty, list, past);

  const arrange = () => {
    const all = [...jobs.values()];
    const live = all.filter((job) => !ENDED.has(job.state)).sort((a, b) => RANK[a.state] - RANK[b.state] || a.position - b.position || a.id - b.id);
    const over = all.filter((job) => ENDED.has(job.state)).sort((a, b) => (b.ended ?? 0) - (a.ended ?? 0));
    settle(list, live.map((job) => rows.get(job.id)));
    settle(ended, over.map((job) => rows.get(job.id)));
    empty.hidden = live.length > 0;
    past.hidden = over.length === 0;
    const waiting = live.filter((job) => job.state === "queued");
    waiting.forEach((job, at) => rows.get(job.id).place(waiting, at));
  };
  const update = (job) => {
    const before = jobs.get(job.id);
    jobs.set(job.id, job);
    if (!rows.has(job.id)) rows.set(job.id, jobRow(job.id));
    rows.get(job.id).update(job);
    if (before && before.state !== job.state) announce(t("train.job.said", { title: job.title, state: t(`train.state.${job.state}`) }));
    if (!before || before.state !== job.state || before.position !== job.position) arrange();
    onjob(job);
  };
  const gone = ({ id }) => {
    rows.get(id)?.remove();
    rows.delete(id);
    jobs.delete(id);
    arrange();
  };
  arrange();
  get("/jobs", { signal }).then((all) => (all.forEach(update), listen("/jobs/events", { job: update, gone }, signal)), fail);
}

/** Put rows in order without taking the focus away from one that stays. */
function settle(list, wanted) {
  wanted.forEach((row, at) => list.children[at] !== row && list.insertBefore(row, list.children[at] ?? null));
  while (list.children.length > wanted.length) list.lastChild.remove();
}

/** One job; its buttons stay the same elements, so that the focus stays on them. */
function jobRow(id) {
  const act = (verb) => () => post(`/jobs/${id}/${verb}`).catch(fail);
  const bar = progressBar(t("train.progress"));
  const title = h("div", { class: "row tight grow" });
  const words = h("small", { class: "quiet" });
  const pause = iconButton("pause", t("train.pause"), { onclick: act("pause") });
  const resume = iconButton("play", t("train.resume"), { onclick: act("resume") });
  const cancel = iconButton("stop", t("train.cancel"), { onclick: () => stop(id, row.job).catch(fail) });
  const retry = iconButton("again", t("train.retry"), { onclick: act("retry") });
  const up = iconButton("up", t("train.up"), {});
  const down = iconButton("down", t("train.down"), {});
  const forget = iconButton("close", t("train.forget"), { onclick: () => remove(`/jobs/${id}`).catch(fail) });
  const buttons = h("div", { class: "row tight nowrap" }, up, down, pause, resume, cancel, retry, forget);
  const row = h("li", { class: "card flat stack tight", tabindex: -1 }, h("div", { class: "row between nowrap" }, title, buttons), bar, words);
  row.addEventListener("keydown", (event) => {
    const button = event.altKey && { ArrowUp: up, ArrowDown: down }[event.key];
    if (!button || button.hidden || button.disabled) return;
    event.preventDefault();
    button.click();
  });
  row.update = (job) => {
    row.job = job;
    const name = job.run ? h("a", { href: to(job.kind === "evaluate" ? "judge" : "train", job.run) }, h("strong", {}, job.title)) : h("strong", {}, job.title);
    const watch = job.run && job.state === "running" && job.kind === "train" ? linkButton(t("train.watch"), to("train", job.run), { kind: "soft small" }) : null;
    const hasFiles = job.state === "done" && (job.kind === "generate" || job.kind === "export");
    const files = hasFiles ? linkButton(t("train.files"), url(`/jobs/${id}/files`), { kind: "soft small", icon: "download", download: "" }) : null;
    const key = JSON.stringify([job.title, job.run, job.state]);
    if (row.key !== key) replace(title, pill(t(`train.state.${job.state}`), KINDS[job.state] ?? "quiet"), h("span", { class: "quiet" }, t(`train.kind.${job.kind}`)), name, watch, files);
    row.key = key;
    const label = (element, text) => (element.setAttribute("aria-label", `${text}: ${job.title}`), (element.title = text));
    for (const [element, key2] of [[pause, "pause"], [resume, "resume"], [cancel, "cancel"], [retry, "retry"], [up, "up"], [down, "down"], [forget, "forget"]]) label(element, t(`train.${key2}`));
    const over = ENDED.has(job.state);
    pause.hidden = !(job.state === "running" || job.state === "queued");
    resume.hidden = job.state !== "paused";
    cancel.hidden = over;
    retry.hidden = !(job.state === "failed" || job.state === "cancelled");
    forget.hidden = !over;
    if (job.state !== "queued") up.hidden = down.hidden = true;
    bar.hidden = over || job.state === "queued";
    bar.update(job.steps ? job.step / job.steps : job.state === "running" ? null : 0);
    words.textContent = wordsOf(job);
  };
  row.place = (waiting, at) => {
    up.hidden = down.hidden = false;
    up.disabled = at === 0;
    down.disabled = at === waiting.length - 1;
    const move = async (before, focus) => {
      await post(`/jobs/${id}/move`, { before });
      announce(t("train.moved", { title: row.job.title }), { now: true });
      setTimeout(() => (focus.disabled ? row : focus).focus(), 300);
    };
    up.onclick = () => move(waiting[at - 1].id, up).catch(fail);
    down.onclick = () => move(waiting[at + 2]?.id ?? null, down).catch(fail);
  };
  return row;
}

/** Cancel; what ran can be brought back, since what it saved stays. */
async function stop(id, job) {
  await post(`/jobs/${id}/cancel`);
  say(t("train.cancelled", { title: job.title }), { undo: async () => void (await post(`/jobs/${id}/retry`)) });
}

/** Where a job stands, in a line. */
function wordsOf(job) {
  const said = has(`train.doing.${job.message}`) ? t(`train.doing.${job.message}`) : job.message;
  const parts = [];
  if (job.state === "running" && job.steps) parts.push(t("train.step.of", { step: job.step, steps: job.steps }));
  if (job.state === "running" && job.eta_seconds !== null) parts.push(t("train.left", { time: duration(job.eta_seconds) }));
  if (job.state === "queued" && job.eta_seconds !== null) parts.push(t("train.done.about", { time: duration(job.eta_seconds) }));
  if (job.state === "paused" && job.steps) parts.push(t("train.paused.at", { step: number(job.step), steps: number(job.steps) }));
  if (ENDED.has(job.state) && job.ended) parts.push(when(job.ended));
  if (said && job.message !== "training") parts.push(said);
  return parts.join(" · ");
}
