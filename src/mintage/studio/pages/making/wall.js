// A wall of made things of any length: only what can be seen is in the page, and all of it works with the keyboard.

import { h, replace } from "../lib/dom.js";
import { icon, uid } from "../lib/parts.js";
import { t } from "../lib/words.js";
import { fill, spoken } from "./item.js";

const GAP = 12;
const SPARE = 2; // rows above and below what is seen
const UNDER_THE_HEAD = 96;

/**
 * A list box of items by id. `need(first, last)` is asked to bring items of places that are seen; `item(id)` knows those
 * that came; `act(what, ids)` does "open", "up", "down", "remove"; `selected(ids)` hears of the selection.
 */
export function wall({ label, side = 148, item, need = () => {}, act, selected = () => {}, signal }) {
  const name = uid("wall");
  const element = h("div", { class: "wall", role: "listbox", "aria-multiselectable": "true", "aria-label": label, tabindex: 0 });
  const nodes = new Map(); // place -> option
  const chosen = new Set();
  let ids = [];
  let at = 0;
  let from = null; // where a stretch of selected ones began
  let columns = 1;
  let cell = side;
  let asked = 0;
  let choosing = false;

  const measure = () => {
    const width = element.clientWidth || element.parentElement?.clientWidth || 800;
    columns = Math.max(1, Math.floor((width + GAP) / (side + GAP)));
    cell = (width + GAP) / columns;
    element.style.height = `${Math.max(0, Math.ceil(ids.length / columns) * cell - GAP)}px`;
  };
  const layout = () => {
    asked = 0;
    if (!ids.length) return drop(0, 0);
    const top = -element.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(top / cell) - SPARE) * columns;
    const last = Math.min(ids.length, (Math.ceil((top + innerHeight) / cell) + SPARE) * columns);
    drop(first, last);
    for (let place = first; place < last; place += 1) if (!nodes.has(place)) nodes.set(place, option(place));
    if (last > first) need(first, last);
  };
  const soon = () => (asked ||= requestAnimationFrame(layout));
  const drop = (first, last) => {
    for (const [place, node] of nodes) {
      if (place < first || place >= last) {
        node.querySelector("img")?.removeAttribute("src"); // what scrolled by is not waited for
        node.remove();
        nodes.delete(place);
      }
    }
  };
  const option = (place) => {
    const node = h("div", { class: "made", role: "option", id: `${name}-${place}`, "aria-posinset": place + 1, "aria-setsize": ids.length });
    node.style.width = node.style.height = `${cell - GAP}px`;
    node.style.transform = `translate(${(place % columns) * cell}px, ${Math.floor(place / columns) * cell}px)`;
    node.dataset.place = place;
    paint(node, place);
    element.append(node);
    return node;
  };
  const paint = (node, place) => {
    const id = ids[place];
    const one = item(id);
    node.setAttribute("aria-label", one ? spoken(one) : t("gallery.coming"));
    node.setAttribute("aria-selected", String(chosen.has(id)));
    node.classList.toggle("now", place === at);
    fill(node, id, one);
    if (chosen.has(id)) node.append(h("span", { class: "tick" }, icon("check", 16)));
  };
  const repaint = () => {
    for (const [place, node] of nodes) paint(node, place);
    if (ids.length) element.setAttribute("aria-activedescendant", `${name}-${at}`);
    else element.removeAttribute("aria-activedescendant");
  };
  const move = (to, stretch) => {
    if (!ids.length) return;
    const before = at;
    at = Math.min(ids.length - 1, Math.max(0, to));
    if (stretch) {
      from ??= before;
      chosen.clear();
      for (let place = Math.min(from, at); place <= Math.max(from, at); place += 1) chosen.add(ids[place]);
      selected([...chosen]);
    } else from = null;
    const top = element.getBoundingClientRect().top + Math.floor(at / columns) * cell;
    if (top < UNDER_THE_HEAD) scrollBy(0, top - UNDER_THE_HEAD);
    else if (top + cell > innerHeight) scrollBy(0, top + cell - innerHeight);
    layout();
    repaint();
  };
  const toggle = (id) => {
    if (!chosen.delete(id)) chosen.add(id);
    from = null;
    selected([...chosen]);
    repaint();
  };
  const meant = () => (chosen.size ? [...chosen] : ids[at] ? [ids[at]] : []);

  element.addEventListener("keydown", (event) => {
    const rows = Math.max(1, Math.floor((innerHeight - UNDER_THE_HEAD) / cell));
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, PageUp: -rows * columns, PageDown: rows * columns };
    const { key } = event;
    if (event.altKey || ((event.ctrlKey || event.metaKey) && key !== "a")) return;
    if (key in steps) move(at + steps[key], event.shiftKey);
    else if (key === "Home") move(0, event.shiftKey);
    else if (key === "End") move(ids.length - 1, event.shiftKey);
    else if (key === "a" && (event.ctrlKey || event.metaKey)) {
      ids.slice(0, 400).forEach((id) => chosen.add(id));
      selected([...chosen]);
      repaint();
    } else if (key === "Enter") act("open", [ids[at]].filter(Boolean));
    else if (key === " ") act("up", meant());
    else if (key === "x") act("down", meant());
    else if (key === "s" && ids[at]) toggle(ids[at]);
    else if (key === "Delete" || key === "Backspace") act("remove", meant());
    else if (key === "Escape" && chosen.size) element.clear();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  element.addEventListener("click", (event) => {
    const place = Number(event.target.closest("[data-place]")?.dataset.place ?? -1);
    if (place < 0) return;
    const stretch = event.shiftKey;
    if (stretch) return move(place, true);
    at = place;
    if (choosing || event.ctrlKey || event.metaKey) return toggle(ids[place]);
    repaint();
    act("open", [ids[place]]);
  });

  element.show = (all, keep = false) => {
    const now = ids[at];
    ids = all;
    at = keep && ids.includes(now) ? ids.indexOf(now) : keep ? Math.min(at, Math.max(0, ids.length - 1)) : 0;
    for (const id of [...chosen]) if (!ids.includes(id)) chosen.delete(id);
    nodes.clear();
    replace(element);
    measure();
    layout();
    repaint();
  };
  element.fresh = repaint;
  element.clear = () => {
    chosen.clear();
    from = null;
    selected([]);
    repaint();
  };
  element.choosing = (on) => (choosing = on);
  Object.defineProperty(element, "chosen", { get: () => [...chosen] });

  const sized = new ResizeObserver(() => {
    const before = [columns, cell];
    measure();
    if (before[0] === columns && before[1] === cell) return soon();
    nodes.clear();
    replace(element);
    layout();
    repaint();
  });
  sized.observe(element);
  signal?.addEventListener("abort", () => sized.disconnect());
  window.addEventListener("scroll", soon, { signal, passive: true });
  return element;
}
