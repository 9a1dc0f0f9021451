// The gallery: everything that was made, thousands of it, to be looked through, judged, tagged and taken up again.

import { get } from "../lib/api.js";
import { h, replace } from "../lib/dom.js";
import { announce, fail } from "../lib/notice.js";
import { button, emptyState, linkButton, pageHead, select } from "../lib/parts.js";
import { go, to } from "../lib/route.js";
import { t } from "../lib/words.js";
import { actOn } from "../making/acting.js";
import { restoreFrom } from "../making/dropped.js";
import { save, showItem, takeOut } from "../making/item.js";
import { dressed } from "../making/style.js";
import { wall } from "../making/wall.js";

const PAGE = 100;
const MOST_ON_A_SHEET = 400;

/** The whole page. */
export async function show(place, { query, signal }) {
  await dressed();
  const known = new Map(); // id -> item
  const asked = new Set(); // pages that were asked for
  const filters = { run: query.run ?? "", tag: query.tag ?? "", thumb: query.thumb ?? "", kind: query.kind ?? "" };
  let ids = [];
  let resting = 0;

  const count = h("p", { class: "quiet", role: "status" });
  const bar = h("div", { class: "row between filters" });
  const tools = h("div", { class: "row tight" });
  const empty = h("div");
  const tiles = wall({ label: t("gallery.wall"), item: (id) => known.get(id), need, act, selected: showTools, signal });
  const drop = restoreFrom({ signal, found: (run) => go(to("create", run, { from: "file" })) });
  replace(place, pageHead(t("gallery.title"), t("gallery.lead"), drop.button), bar, h("div", { class: "row between" }, count, tools), empty, tiles, h("p", { class: "quiet small" }, t("gallery.keys")));
  showTools([]);
  await load();
  if (query.open && known.size === 0) get(`/gallery/${query.open}`, { signal }).then((one) => showItem(one), fail);

  /** All ids that fit the filters, and the choices that filters have. */
  async function load({ keep = false } = {}) {
    const index = await get("/gallery/index", { signal, query: asQuery() });
    ids = index.ids;
    asked.clear();
    drawFilters(index);
    count.textContent = t("gallery.count", { n: ids.length });
    tiles.hidden = ids.length === 0;
    replace(empty, ids.length ? null : nothing());
    empty.hidden = ids.length > 0;
    tiles.show(ids, keep);
  }

  function asQuery() {
    return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== ""));
  }

  function nothing() {
    const filtered = Object.keys(asQuery()).length > 0;
    const action = filtered
      ? button(t("gallery.all"), { kind: "soft", onclick: () => (Object.assign(filters, { run: "", tag: "", thumb: "", kind: "" }), load().catch(fail)) })
      : linkButton(t("gallery.empty.go"), to("create"), { kind: "primary", icon: "create" });
    return emptyState({ picture: "gallery", title: t(filtered ? "gallery.none" : "gallery.empty"), words: filtered ? null : t("gallery.empty.words"), action });
  }

  function drawFilters({ runs, tags }) {
    const choice = (name, options) => {
      const all = { value: "", label: t("gallery.any") };
      const box = select(t(`gallery.filter.${name}`), { options: [all, ...options], value: filters[name] });
      box.input.addEventListener("change", () => {
        filters[name] = box.input.value;
        load().then(() => announce(count.textContent), fail);
      });
      return box;
    };
    const focused = document.activeElement?.closest?.(".filters .field");
    const place_ = focused ? [...bar.children].indexOf(focused) : -1;
    const kinds = ["picture", "film", "text", "table"].map((value) => ({ value, label: t(`gallery.kind.${value}`) }));
    const thumbs = [["1", "gallery.liked"], ["0", "gallery.unjudged"], ["-1", "gallery.disliked"]].map(([value, key]) => ({ value, label: t(key) }));
    replace(bar, choice("run", runs), choice("kind", kinds), choice("thumb", thumbs), choice("tag", tags));
    if (place_ >= 0) bar.children[place_]?.querySelector("select")?.focus();
  }

  /** Bring the items of these places, a page at a time, once the scrolling rests. */
  function need(first, last) {
    clearTimeout(resting);
    resting = setTimeout(async () => {
      for (let page = Math.floor(first / PAGE); page * PAGE < last; page += 1) {
        if (asked.has(page)) continue;
        asked.add(page);
        try {
          const after = page ? ids[page * PAGE - 1] : "";
          const { items } = await get("/gallery", { signal, query: { ...asQuery(), after, limit: PAGE } });
          for (const one of items) known.set(one.id, one);
          tiles.fresh();
        } catch (error) {
          asked.delete(page);
          fail(error);
        }
      }
    }, 60);
  }

  async function act(what, which) {
    try {
      const some = await Promise.all(which.map(async (id) => known.get(id) ?? known.set(id, await get(`/gallery/${id}`)).get(id)));
      await actOn(what, some, tiles, () => takeOut(which, { gone: follow, back: () => load({ keep: true }).catch(fail) }));
    } catch (error) {
      fail(error);
    }
  }

  function follow(gone) {
    const out = new Set(gone);
    ids = ids.filter((id) => !out.has(id));
    asked.clear();
    count.textContent = t("gallery.count", { n: ids.length });
    tiles.show(ids, true);
    showTools(tiles.chosen);
    if (!ids.length) load().catch(fail);
  }

  /** What can be done with the selection. */
  function showTools(chosen) {
    const choosing = button(t("gallery.choose"), {
      kind: "soft small", icon: "check", "aria-pressed": String(tools.dataset.choosing === "yes"),
      onclick: () => {
        tools.dataset.choosing = tools.dataset.choosing === "yes" ? "no" : "yes";
        tiles.choosing(tools.dataset.choosing === "yes");
        if (tools.dataset.choosing === "no") tiles.clear();
        showTools(tiles.chosen);
        tools.querySelector("[aria-pressed]")?.focus();
      },
    });
    if (!chosen.length) return replace(tools, choosing);
    const sheet = () => save("/gallery/sheet", { ids: chosen.slice(0, MOST_ON_A_SHEET).join(",") });
    return replace(
      tools,
      h("span", { class: "quiet small" }, t("gallery.chosen", { n: chosen.length })),
      button(t("gallery.sheet"), { kind: "soft small", icon: "download", onclick: sheet }),
      button(t("gallery.like"), { kind: "soft small", icon: "thumbUp", onclick: () => act("up", chosen) }),
      button(t("gallery.dislike"), { kind: "soft small", icon: "thumbDown", onclick: () => act("down", chosen) }),
      button(t("gallery.remove"), { kind: "plain small danger", icon: "trash", onclick: () => act("remove", chosen) }),
      choosing,
    );
  }
}
