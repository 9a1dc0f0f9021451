// The seed: a number that names what is made, with a dice, and a lock that keeps it.

import { h } from "../lib/dom.js";
import { field, iconButton } from "../lib/parts.js";
import { t } from "../lib/words.js";

/** A field for the seed: `.value`, `.set(x)`, `.roll()`; after something was made, `.next()` rolls unless it is locked. */
export function seedField(start, onchange = () => {}) {
  const number = field(t("create.seed"), { type: "number", min: 0, max: 2 ** 31, step: 1, value: start ?? chance(), inputmode: "numeric" });
  let locked = start !== undefined;
  const dice = iconButton("dice", t("create.seed.roll"), { kind: "soft", onclick: () => element.roll() });
  const lock = iconButton("lock", t("create.seed.lock"), {
    kind: "soft", "aria-pressed": String(locked),
    onclick: () => {
      locked = !locked;
      lock.setAttribute("aria-pressed", String(locked));
    },
  });
  const element = h("div", { class: "seed" }, number, dice, lock);
  number.input.addEventListener("input", () => onchange());
  Object.defineProperty(element, "value", { get: () => Math.max(0, Math.floor(Number(number.input.value) || 0)) });
  element.set = (x) => (number.input.value = x);
  element.roll = () => {
    element.set(chance());
    onchange();
  };
  element.next = () => !locked && element.roll();
  return element;
}

/** A seed that a person can read out. */
function chance() {
  return Math.floor(Math.random() * 1e6);
}
