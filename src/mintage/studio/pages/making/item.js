// One made thing: how it looks on a wall, what a screen reader says of it, and all of it in a dialog.

import { get, post, remove, url } from "../lib/api.js";
import { h, replace } from "../lib/dom.js";
import { announce, fail, say } from "../lib/notice.js";
import { button, dialog, facts, field, icon, tabs } from "../lib/parts.js";
import { go, to } from "../lib/route.js";
import { number, t, when } from "../lib/words.js";

const FEW_PIXELS = 128; // sides up to which a picture is shown with hard pixels

/** The tile of an id; of an item that has not come yet, its small picture alone. */
export function fill(node, id, one) {
  const key = `${id}/${one ? `${one.thumb}/${one.tags.length}` : ""}`;
  if (node.dataset.shows === key) return node.querySelector(".tick")?.remove();
  node.dataset.shows = key;
  if (one && (one.kind === "text" || one.kind === "table")) {
    replace(node, h("div", { class: ["excerpt", one.kind] }, one.excerpt || one.kind), marks(one));
    return undefined;
  }
  const picture = h("img", {
    src: url(`/gallery/${id}/small`), alt: "", decoding: "async", draggable: "false",
    onload: (event) => event.target.classList.toggle("pixels", event.target.naturalWidth <= FEW_PIXELS),
    onerror: (event) => event.target.remove(),
  });
  replace(node, picture, one ? marks(one) : null);
  return undefined;
}

/** Small signs in the corner: what a person thinks of it, whether it moves. */
function marks(one) {
  const drawn = [one.thumb === 1 && "thumbUp", one.thumb === -1 && "thumbDown", one.tags.length > 0 && "tag", one.kind === "film" && "walk"];
  const names = drawn.filter(Boolean);
  return names.length ? h("span", { class: "marks" }, names.map((name) => icon(name, 15))) : null;
}

/** What a screen reader says of an item. */
export function spoken(one) {
  const parts = [t(`gallery.kind.${one.kind}`), one.run, when(one.made)];
  if (one.settings.of !== undefined) parts.push(t("gallery.class.said", { name: one.excerpt || String(one.settings.of) }));
  if (one.settings.seed !== undefined) parts.push(t("gallery.seed.said", { seed: String(one.settings.seed) }));
  if (one.thumb) parts.push(t(one.thumb > 0 ? "gallery.liked" : "gallery.disliked"));
  if (one.tags.length) parts.push(one.tags.join(", "));
  if (one.excerpt && one.kind === "text") parts.push(one.excerpt.slice(0, 80));
  return parts.join(", ");
}

/** Note a thumb or tags; the page shows it at once, and takes it back if it could not be noted. */
export async function judge(one, said) {
  const before = { thumb: one.thumb, tags: one.tags };
  Object.assign(one, said);
  try {
    await post(`/gallery/${one.id}/feedback`, said);
  } catch (error) {
    Object.assign(one, before);
    fail(error);
  }
}

/** Take items out, with Undo; `gone()` and `back()` let the page follow. */
export async function takeOut(ids, { gone, back }) {
  if (!ids.length) return;
  await Promise.all(ids.map((id) => remove(`/gallery/${id}`)));
  gone(ids);
  say(t("gallery.removed", { n: ids.length }), {
    undo: async () => {
      await Promise.all(ids.map((id) => post(`/gallery/${id}/restore`)));
      back(ids);
    },
  });
}

/** All of one item: large, with its settings, what can be done with it, and how to make it again. */
export async function showItem(one, { onchange = () => {} } = {}) {
  const body = h("div", { class: "stack item" }, await large(one), judging(one, onchange), told(one), again(one));
  const actions = [
    { label: t("gallery.create"), value: "create", kind: "primary" },
    { label: t("gallery.download"), value: "download", kind: "soft" },
    { label: t("gallery.remove"), value: "remove", kind: "plain danger" },
  ];
  const answer = await dialog({ title: t(`gallery.kind.${one.kind}`), body, actions });
  if (answer === "create") go(to("create", one.run, { from: one.id }));
  if (answer === "download") save(`/gallery/${one.id}/file`, one.kind === "table" || one.kind === "text" ? { download: 1, plain: 1 } : { download: 1 });
  return answer;
}

/** Let the browser keep a file of the API. */
export function save(path, query) {
  const link = h("a", { href: url(path, query), download: "" });
  document.body.append(link);
  link.click();
  link.remove();
}

/** It, as large as it is made to be seen. */
async function large(one) {
  const source = url(`/gallery/${one.id}/file`);
  if (one.kind === "picture" || one.kind === "film") {
    const small = one.width <= FEW_PIXELS;
    return h("img", { src: source, alt: spoken(one), class: ["large", small && "pixels"], width: one.width, height: one.height });
  }
  const text = await get(`/gallery/${one.id}/file`, { query: { plain: 1 } });
  return one.kind === "table" ? tableOf(text) : h("pre", { class: "said", tabindex: 0 }, text);
}

/** The first rows of a table. */
export function tableOf(text, most = 12) {
  const rows = text.split("\n", most + 1).filter(Boolean).map(cells);
  const [head = [], ...rest] = rows;
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": t("gallery.kind.table") },
    h("table", {}, h("thead", {}, h("tr", {}, head.map((cell) => h("th", { scope: "col" }, cell)))), h("tbody", {}, rest.map((row) => h("tr", {}, row.map((cell) => h("td", {}, cell)))))),
  );
}

/** The cells of a line of CSV. */
function cells(line) {
  const found = [];
  for (const match of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) found.push(match[1]?.replaceAll('""', '"') ?? match[2]);
  return found;
}

/** Thumbs and tags. */
function judging(one, onchange) {
  const thumbs = [["thumbUp", 1, t("gallery.like")], ["thumbDown", -1, t("gallery.dislike")]].map(([drawing, value, label]) =>
    button(label, {
      kind: "soft small", icon: drawing, "aria-pressed": String(one.thumb === value),
      onclick: async () => {
        await judge(one, { thumb: one.thumb === value ? 0 : value });
        thumbs.forEach((other, index) => other.setAttribute("aria-pressed", String(one.thumb === (index ? -1 : 1))));
        onchange();
      },
    }),
  );
  const tags = field(t("gallery.tags"), { help: t("gallery.tags.help"), value: one.tags.join(", ") });
  tags.input.addEventListener("change", async () => {
    await judge(one, { tags: tags.input.value.split(/[,，、]/).map((tag) => tag.trim()).filter(Boolean) });
    onchange();
  });
  return h("div", { class: "stack tight" }, h("div", { class: "row tight" }, thumbs), tags);
}

/** Its settings in words. */
function told(one) {
  const { run, ...rest } = one.settings;
  const said = Object.entries(rest).map(([name, value]) => [h("code", {}, name), name === "of" && one.excerpt ? one.excerpt : typeof value === "object" ? h("code", {}, JSON.stringify(value)) : String(value)]);
  const size = one.kind === "text" ? null : [t("gallery.size"), `${number(one.width)} × ${number(one.height)}`];
  return facts([[t("gallery.run"), run], [t("gallery.made"), when(one.made)], size, ...said]);
}

/** How to make it again, in three languages, each to be copied. */
function again(one) {
  const panel = (name) => ({
    name,
    label: { cli: t("gallery.again.cli"), python: "Python", curl: "curl" }[name],
    fill: async (place) => {
      const ways = await get(`/gallery/${one.id}/recipe`);
      replace(place, h("pre", { class: "recipe", tabindex: 0 }, ways[name]), button(t("gallery.copy"), { kind: "soft small", icon: "copy", onclick: () => copy(ways[name]) }));
    },
  });
  const inner = tabs(t("gallery.again"), ["cli", "python", "curl"].map(panel));
  return h("details", {}, h("summary", {}, t("gallery.again")), inner);
}

/** Put a text where it can be pasted from. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    say(t("gallery.copied"));
  } catch {
    announce(t("gallery.copy.failed"), { now: true });
  }
}

