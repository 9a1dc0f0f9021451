// What a run has made, newest first, beside the desk where more is made.

import { get, post } from "../lib/api.js";
import { h, replace } from "../lib/dom.js";
import { announce, fail } from "../lib/notice.js";
import { button, card, emptyState } from "../lib/parts.js";
import { to } from "../lib/route.js";
import { t } from "../lib/words.js";
import { actOn } from "./acting.js";
import { save, takeOut } from "./item.js";
import { wall } from "./wall.js";

const MOST = 200;

/**
 * A shelf of a run's things. `.add(items)` puts new ones in front. `ways` are what can be done with a selection:
 * {label, icon, fits(items), do(items)}.
 */
export async function shelf(run, { ways = [], signal }) {
  const known = new Map();
  let ids = [];
  const tools = h("div", { class: "row tight" });
  const empty = h("div");
  const tiles = wall({ label: t("create.made"), item: (id) => known.get(id), act, selected, side: 124, signal });
  const more = h("a", { href: to("gallery", { run }) }, t("create.gallery"));
  const element = card({ title: t("create.made"), actions: more }, tools, empty, tiles, h("p", { class: "quiet small" }, t("create.keys")));
  element.add = (items) => {
    for (const one of items) known.set(one.id, one);
    ids = [...items.map((one) => one.id).reverse(), ...ids].slice(0, MOST);
    draw();
    announce(t("create.done", { n: items.length }), { now: true });
  };
  element.clear = () => tiles.clear();
  const { items } = await get("/gallery", { signal, query: { run, limit: 60 } });
  for (const one of items) known.set(one.id, one);
  ids = items.map((one) => one.id);
  queueMicrotask(draw);
  return element;

  function draw() {
    tiles.hidden = !ids.length;
    empty.hidden = ids.length > 0;
    replace(empty, ids.length ? null : emptyState({ picture: "create", words: t("create.made.none") }));
    tiles.show(ids, true);
    selected(tiles.chosen);
  }

  function selected(chosen) {
    const some = chosen.map((id) => known.get(id)).filter(Boolean);
    const fitting = some.length ? ways.filter((way) => way.fits(some)) : [];
    const sheet = some.some((one) => one.kind === "picture") && button(t("gallery.sheet"), { kind: "soft small", icon: "download", onclick: () => save("/gallery/sheet", { ids: chosen.join(",") }) });
    const remove = button(t("gallery.remove"), { kind: "plain small danger", icon: "trash", onclick: () => act("remove", chosen) });
    const buttons = fitting.map((way) => button(way.label, { kind: "soft small", icon: way.icon, onclick: () => way.do(some) }));
    tools.hidden = !some.length && !ways.length;
    replace(tools, some.length ? [h("span", { class: "quiet small" }, t("gallery.chosen", { n: some.length })), buttons, sheet, remove] : ways.length > 0 && h("p", { class: "quiet small" }, t("create.choose")));
  }

  async function act(what, which) {
    try {
      const some = which.map((id) => known.get(id)).filter(Boolean);
      await actOn(what, some, tiles, async () => {
        const before = ids;
        const gone = (out) => ((ids = ids.filter((id) => !out.includes(id))), draw());
        await takeOut(which, { gone, back: () => ((ids = before), draw()) });
      });
    } catch (error) {
      fail(error);
    }
  }
}

/** Ask for something to be made, and put it on the shelf. */
export async function makeInto(place, path, body, signal) {
  const { items } = await post(path, body, { signal });
  place.add(items);
  return items;
}
