// What a person does with things on a wall: opens one, likes or dislikes some, takes some out.

import { announce } from "../lib/notice.js";
import { t } from "../lib/words.js";
import { judge, showItem } from "./item.js";

/** Do it to the items; `remove()` takes them out, on its own way on each page. */
export async function actOn(what, some, tiles, remove) {
  if (what === "open" && some[0]) {
    const answer = await showItem(some[0], { onchange: tiles.fresh });
    if (answer === "remove") await remove();
    tiles.focus({ preventScroll: true });
  }
  if (what === "up" || what === "down") {
    const thumb = what === "up" ? 1 : -1;
    const value = some.every((one) => one.thumb === thumb) ? 0 : thumb;
    await Promise.all(some.map((one) => judge(one, { thumb: value })));
    tiles.fresh();
    announce(t(value === 0 ? "gallery.unjudged" : value > 0 ? "gallery.liked" : "gallery.disliked"), { now: true });
  }
  if (what === "remove") await remove();
}
