// Judging: what scores say of a run, how far they can be trusted, what should be looked at, and the whole report.

import { get, post, url } from "../lib/api.js";
import { h, replace } from "../lib/dom.js";
import { listen } from "../lib/live.js";
import { announce, fail, say } from "../lib/notice.js";
import { button, card, emptyState, icon, linkButton, pageHead, pill, progressBar } from "../lib/parts.js";
import { to } from "../lib/route.js";
import { duration, has, number, t, when } from "../lib/words.js";

/** All runs, or the verdict on one. */
export async function show(place, { parts, signal }) {
  if (parts.length) await showOne(place, parts[0], signal);
  else await showAll(place, signal);
}

/** The runs as tiles. */
async function showAll(place, signal) {
  const runs = await get("/runs", { signal });
  if (!runs.length) {
    const action = linkButton(t("judge.train"), to("train"), { kind: "primary" });
    replace(place, pageHead(t("judge.title"), t("judge.lead")), emptyState({ picture: "judge", title: t("judge.empty"), words: t("judge.empty.words"), action }));
    return;
  }
  const tiles = runs.map((run) => {
    const cover = run.cover ? h("img", { class: "pixels", src: run.cover, alt: "", loading: "lazy" }) : h("div", { class: "cover" }, icon({ text: "text", records: "table", series: "table" }[run.makes] ?? "picture", 36));
    const words = h("div", { class: "words" }, h("strong", { class: "truncate" }, run.id), h("small", { class: "quiet" }, t("judge.steps", { n: run.steps }), " · ", when(run.created)));
    return h("li", {}, h("a", { class: "tile", href: to("judge", run.id) }, cover, words));
  });
  replace(place, pageHead(t("judge.title"), t("judge.lead")), h("ul", { class: "grid", style: { "list-style": "none", padding: 0 }, "aria-label": t("judge.runs") }, tiles));
}

/** One run: its verdict, or how to get one. */
async function showOne(place, id, signal) {
  const path = `/runs/${encodeURIComponent(id)}`;
  const body = h("div", { class: "stack loose" });
  const bar = progressBar(t("judge.judging"));
  bar.hidden = true;
  const press = button(t("judge.evaluate"), { kind: "primary", icon: "judge", onclick: () => evaluate(id, press).catch(fail) });
  replace(place, h("a", { class: "quiet", href: to("judge") }, t("judge.back")), pageHead(id, null, press, linkButton(t("judge.watch"), to("train", id), { kind: "soft", icon: "train" })), bar, body);
  const draw = async () => {
    const run = await get(path, { signal });
    replace(body, run.verdict ? verdict(run, path) : nothing(run), looks(run, path), report(run, path));
  };
  await draw();
  let before = "";
  const job = (one) => {
    if (one.run !== id || one.kind !== "evaluate") return;
    const busy = ["queued", "running", "pausing"].includes(one.state);
    bar.hidden = !busy;
    press.disabled = busy;
    const doing = one.message.startsWith("reading") ? "reading" : one.message.startsWith("getting") ? "embedding" : one.message;
    bar.update(null, has(`judge.doing.${doing}`) ? t(`judge.doing.${doing}`) : one.message);
    if (before && before !== one.state && one.state === "done") draw().then(() => announce(t("judge.judged"), { now: true }), fail);
    if (before && before !== one.state && one.state === "failed") fail({ name: "ApiError", status: 400, detail: one.message });
    before = one.state;
  };
  listen("/jobs/events", { job }, signal);
}

/** Order a judgement. */
async function evaluate(id, press) {
  press.disabled = true;
  try {
    const job = await post("/jobs", { kind: "evaluate", run: id });
    say(t("judge.ordered"), { undo: async () => void (await post(`/jobs/${job.id}/cancel`)) });
  } catch (error) {
    press.disabled = false;
    throw error;
  }
}

/** What to do before there is a verdict. */
function nothing(run) {
  return emptyState({ picture: "judge", title: t("judge.none"), words: t(run.checkpoints.length ? "judge.none.words" : "judge.early") });
}

/** The scores with their intervals and floors. */
function verdict(run, path) {
  const { verdict: found } = run;
  const heads = ["score", "value", "interval", "floor", "ideal", "counts"].map((name) => h("th", { scope: "col" }, t(`judge.${name}`)));
  const rows = found.scores.map((score) => {
    const range = score.low === null || score.low === undefined ? t("judge.no.interval") : t("judge.between", { low: digits(score.low), high: digits(score.high) });
    const floor = score.floor === null || score.floor === undefined ? "–" : digits(score.floor);
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, label(score.name), score.words ? h("p", { class: "help", lang: "en" }, score.words) : null),
      h("td", {}, h("b", {}, digits(score.value))),
      h("td", {}, range),
      h("td", {}, floor),
      h("td", {}, typeof score.ideal === "number" ? digits(score.ideal) : "–"),
      h("td", {}, counts(score)),
    );
  });
  const table = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("judge.scores") }, h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows)));
  const protocol = found.protocol ?? {};
  const of = t("judge.protocol", { embedding: protocol.embedding ?? "–", seed: String(protocol.seed ?? 0), step: found.step ?? run.steps });
  const skipped = Object.entries(found.skipped ?? {});
  const missing = skipped.length
    ? h("details", {}, h("summary", {}, t("judge.skipped", { n: skipped.length })), h("ul", { lang: "en" }, skipped.map(([name, why]) => h("li", {}, `${name.replaceAll("_", " ")}: ${why}`))))
    : null;
  const took = Object.values(found.seconds ?? {}).reduce((sum, one) => sum + one, 0);
  const made = h("small", { class: "quiet" }, [found.created && when(found.created), took && t("judge.took", { time: duration(took) })].filter(Boolean).join(" · "));
  return card({ title: t("judge.scores"), actions: pill(t("judge.against"), "quiet") }, h("p", { class: "quiet" }, t("judge.read")), table, h("p", { class: "quiet" }, of), missing, made);
}

/** How many examples a score is made from. */
function counts(score) {
  const found = Object.entries(score.counts ?? {}).map(([name, n]) => `${has(`judge.count.${name}`) ? t(`judge.count.${name}`) : name} ${number(n)}`);
  return found.length ? found.join(", ") : "–";
}

/** A score's name as a person reads it. */
function label(name) {
  const [score, part] = name.split("/");
  const words = has(`judge.name.${score}`) ? t(`judge.name.${score}`) : score.replaceAll("_", " ");
  return part ? `${words}: ${part}` : words;
}

/** Three or four telling digits. */
function digits(x) {
  if (typeof x !== "number") return "–";
  return number(x, Math.abs(x) >= 100 ? 0 : Math.abs(x) >= 1 ? 2 : 4);
}

/** Pictures that belong beside the scores: the nearest real ones first. */
function looks(run, path) {
  if (!run.looks.length) return null;
  const pictures = run.looks.map((file) => {
    const name = file.split("/").at(-1).replace(/\.\w+$/, "");
    const words = has(`judge.look.${name}`) ? t(`judge.look.${name}`) : name;
    return h("figure", { class: "stack tight" }, h("img", { src: url(`${path}/files/${file}`), alt: words, loading: "lazy", style: { "max-width": "100%", "image-rendering": "pixelated" } }), h("figcaption", { class: "quiet" }, words));
  });
  return card({ title: t("judge.looks") }, pictures);
}

/** The whole report, which is a page of its own. */
function report(run, path) {
  if (!run.has_report) return null;
  const address = url(`${path}/files/report.html`);
  const frame = h("iframe", { src: address, title: t("judge.report"), sandbox: "allow-scripts allow-popups", loading: "lazy", style: { width: "100%", height: "70vh", border: "0" } });
  return card({ title: t("judge.report"), actions: linkButton(t("judge.report.open"), address, { kind: "soft", icon: "file", target: "_blank", rel: "noopener" }) }, h("details", {}, h("summary", {}, t("judge.report.here")), frame));
}
