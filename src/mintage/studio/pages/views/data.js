// The data that a studio holds: drop more of it, see what is in it, what was left out, and go on to train.

import { get, post, put, remove, url } from "../lib/api.js";
import { h, replace } from "../lib/dom.js";
import { dropZone, sendData } from "../lib/drop.js";
import { announce, fail, say } from "../lib/notice.js";
import { button, card, emptyState, facts, field, icon, linkButton, pageHead, pill, progressBar } from "../lib/parts.js";
import { go, to } from "../lib/route.js";
import { bytes, number, percent, t, when } from "../lib/words.js";
import { factsOf, remarksOf } from "./data-report.js";

const PATIENCE = 700; // milliseconds between two questions while a look at the data goes on
const SHOWN = 24; // skipped files in the list

/** The list of all data, or the page of one set. */
export async function show(place, { parts, signal }) {
  if (parts.length) await showOne(place, parts[0], signal);
  else await showAll(place, signal);
}

/** Everything there is, and a place to drop more. */
async function showAll(place, signal) {
  const all = await get("/data", { signal, query: { look: true } });
  const grid = h("ul", { class: "grid", style: { "list-style": "none", padding: 0 }, "aria-label": t("data.list") }, all.map(tile));
  const own = all.some((one) => !one.builtin);
  const hint = own ? null : h("p", { class: "note" }, icon("info"), h("span", {}, t("data.teach")));
  replace(place, pageHead(t("data.title"), t("data.lead")), landing(signal), hint, h("h2", {}, t("data.yours")), grid);
}

/** Where files land, with how far they are. */
function landing(signal) {
  const bar = progressBar(t("data.sending"));
  bar.hidden = true;
  const onfiles = async (files) => {
    bar.hidden = false;
    const size = files.reduce((sum, { file }) => sum + file.size, 0);
    announce(t("data.sending.said", { n: files.length, size: bytes(size) }), { now: true });
    try {
      const onProgress = (share) =>
        bar.update(share, share < 1 ? t("data.sending.share", { share: percent(share), size: bytes(size) }) : t("data.checking"));
      const { name } = await sendData(files, { signal, onProgress });
      say(t("data.arrived", { name }), { undo: async () => (await remove(`/data/${encodeURIComponent(name)}`), go(to("data"))) });
      go(to("data", name));
    } finally {
      bar.hidden = true;
    }
  };
  return h("div", { class: "stack" }, dropZone({ onfiles, signal }), bar);
}

/** One set in the list. */
function tile(one) {
  const path = `/data/${encodeURIComponent(one.name)}`;
  const pictures = ["pictures", "pairs", "unpaired"].includes(one.kind) && one.previews;
  const cover = pictures
    ? h("img", { class: "pixels", src: url(`${path}/preview/0`), alt: "", loading: "lazy" })
    : h("div", { class: "cover" }, icon({ text: "text", records: "table", series: "table" }[one.kind] ?? "data", 36));
  const size = one.builtin ? t("data.builtin") : t("data.size", { n: one.files, size: bytes(one.bytes) });
  const words = h("div", { class: "words" }, h("strong", { class: "truncate" }, one.name), h("small", { class: "quiet" }, size));
  return h("li", {}, h("a", { class: "tile", href: to("data", one.name) }, cover, words));
}

/** One set: its report, previews, what was left out, its licence. */
async function showOne(place, name, signal) {
  const path = `/data/${encodeURIComponent(name)}`;
  const head = pageHead(
    name,
    null,
    linkButton(t("data.train"), to("train", { data: name }), { kind: "primary", icon: "train" }),
  );
  const body = h("div", { class: "stack loose" });
  replace(place, h("a", { class: "quiet", href: to("data") }, t("data.back")), head, body);
  let page = await get(path, { signal });
  if (page.looking) {
    const bar = progressBar(t("data.looking"));
    replace(body, card({ title: t("data.looking") }, h("p", { class: "quiet" }, t("data.looking.words")), bar));
    while (page.looking) {
      await rest(PATIENCE, signal);
      page = await get(path, { signal });
    }
    announce(t("data.looked"), { now: true });
  }
  replace(body, page.error ? trouble(page) : report(page), previews(page, path, signal), skipped(page), licence(page, path));
  if (!page.builtin) body.append(farewell(page, path));
}

/** Wait, unless the person leaves. */
function rest(milliseconds, signal) {
  return new Promise((done, no) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), no(new DOMException("left", "AbortError"))), { once: true });
  });
}

/** The data cannot be learned from as it is. */
function trouble(page) {
  return emptyState({ picture: "alert", title: t("data.trouble"), words: page.error, action: linkButton(t("data.again"), to("data"), { kind: "soft" }) });
}

/** What is in it, in words. */
function report(page) {
  const lines = remarksOf(page).map(({ text, warn }) => h("p", { class: ["note", warn && "warn"] }, icon(warn ? "alert" : "info"), h("span", {}, text)));
  const kind = pill(t(`data.kind.${page.kind}`), "ok");
  const fits = h("p", { class: "quiet" }, t("data.fits", { models: page.fits.join(", ") }));
  const english = h("details", {}, h("summary", {}, t("data.report.whole")), h("ul", { lang: "en" }, page.lines.map((line) => h("li", {}, line))));
  return card({ title: t("data.report"), actions: kind }, facts(factsOf(page)), lines, page.fits.length ? fits : null, english);
}

/** A few examples as they will be learned. */
function previews(page, path, signal) {
  if (!page.previews) return null;
  if (page.kind === "text" || page.kind === "records" || page.kind === "series") {
    const box = h("div", { class: "stack" });
    Promise.all(
      Array.from({ length: Math.min(page.previews, 3) }, async (_, index) => {
        const text = await get(`${path}/preview/${index}`, { signal });
        return h("pre", { class: "scroll", tabindex: 0, "aria-label": t("data.preview.text", { i: index + 1 }) }, String(text).slice(0, 1500));
      }),
    ).then((texts) => replace(box, texts), fail);
    return card({ title: t("data.examples") }, box);
  }
  const pictures = Array.from({ length: page.previews }, (_, index) =>
    h("img", { class: "pixels", src: url(`${path}/preview/${index}`), alt: t("data.preview", { i: index + 1, name: page.name }), loading: "lazy" }),
  );
  return card({ title: t("data.examples") }, h("p", { class: "quiet" }, t("data.examples.words")), h("div", { class: "grid", style: { "--least": "72px", gap: "8px" } }, pictures));
}

/** Files that were left out, and why. */
function skipped(page) {
  if (!page.num_skipped) return null;
  const rows = page.skipped.slice(0, SHOWN).map(({ file, why }) => {
    const known = ["archive", "unknown", "empty", "damaged", "binary"].includes(why);
    return h("tr", {}, h("td", {}, h("code", {}, file)), h("td", {}, known ? t(`data.why.${why}`) : why));
  });
  const head = h("tr", {}, h("th", { scope: "col" }, t("data.file")), h("th", { scope: "col" }, t("data.why")));
  const more = page.num_skipped > rows.length ? h("p", { class: "quiet" }, t("data.skipped.more", { n: page.num_skipped - rows.length })) : null;
  const list = h("div", { class: "scroll", tabindex: 0, "aria-label": t("data.skipped", { n: page.num_skipped }) }, h("table", {}, h("thead", {}, head), h("tbody", {}, rows)));
  return h("details", { class: "card" }, h("summary", {}, t("data.skipped", { n: page.num_skipped })), list, more);
}

/** Under which terms the data may be used, as the person notes it. */
function licence(page, path) {
  if (page.builtin) return card({ title: t("data.licence") }, h("p", {}, t("data.licence.builtin")));
  const note = field(t("data.licence.label"), { type: "textarea", value: page.licence, help: t("data.licence.help"), rows: 2, maxlength: 4000 });
  const keep = async () => {
    const before = page.licence;
    if (note.input.value.trim() === before) return;
    await put(`${path}/licence`, { text: note.input.value });
    page.licence = note.input.value.trim();
    say(t("data.licence.kept"), {
      undo: async () => {
        await put(`${path}/licence`, { text: before });
        page.licence = note.input.value = before;
      },
    });
  };
  const save = button(t("data.licence.keep"), { kind: "soft", onclick: () => keep().catch(fail) });
  return card({ title: t("data.licence") }, note, h("div", { class: "row" }, save));
}

/** Delete it, which can be undone. */
function farewell(page, path) {
  const leave = async () => {
    await remove(path);
    say(t("data.deleted", { name: page.name }), { undo: async () => (await post(`${path}/restore`), go(to("data", page.name))) });
    go(to("data"));
  };
  const made = page.made ? t("data.made", { when: when(page.made), n: number(page.files) }) : "";
  return h("div", { class: "row between" }, h("small", { class: "quiet" }, made), button(t("data.delete"), { kind: "danger soft", icon: "trash", onclick: () => leave().catch(fail) }));
}
