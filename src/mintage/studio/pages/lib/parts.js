// The pieces that every page is put together from; each one is labelled and works with the keyboard.

import { h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./words.js";

export { form } from "./form.js";
export { icon };

let made = 0;

/** A name that no other element has. */
export function uid(what = "x") {
  made += 1;
  return `${what}-${made}`;
}

/** A button; `kind`: primary, danger, soft, plain, small (several in a list); `icon` by name; more attributes as they are. */
export function button(label, { kind = "", icon: drawing, ...attributes } = {}) {
  return h("button", { type: "button", class: kind, ...attributes }, drawing && icon(drawing, 18), h("span", {}, label));
}

/** A button that is only a drawing, named for those who do not see it. */
export function iconButton(drawing, label, { kind = "plain", ...attributes } = {}) {
  return h("button", { type: "button", class: [kind, "round"], "aria-label": label, title: label, ...attributes }, icon(drawing));
}

/** A link that looks like a button. */
export function linkButton(label, href, { kind = "", icon: drawing, ...attributes } = {}) {
  return h("a", { class: ["button", kind], href, ...attributes }, drawing && icon(drawing, 18), h("span", {}, label));
}

/** A label, its input and a help; `.input` is the input, `.problem(text)` says what does not fit. */
export function field(label, { help, input, type = "text", ...attributes } = {}) {
  const control = input ?? h(type === "textarea" ? "textarea" : "input", { ...(type !== "textarea" && { type }), ...attributes });
  control.id ||= uid("field");
  const notes = [];
  const helped = help ? h("small", { id: uid("help"), class: "help" }, help) : null;
  if (helped) notes.push(helped.id);
  const wrong = h("small", { id: uid("wrong"), class: "wrong", hidden: true });
  const name = h("label", { for: control.id }, label);
  const box = type === "checkbox" ? [h("div", { class: "row tight" }, control, name)] : [name, control];
  const element = h("div", { class: ["field", type] }, box, helped, wrong);
  const describe = () => {
    const ids = wrong.hidden ? notes : [...notes, wrong.id];
    if (ids.length) control.setAttribute("aria-describedby", ids.join(" "));
    else control.removeAttribute("aria-describedby");
  };
  describe();
  element.input = control;
  element.problem = (text) => {
    wrong.hidden = !text;
    wrong.textContent = text ?? "";
    control.setAttribute("aria-invalid", String(Boolean(text)));
    describe();
  };
  return element;
}

/** A list to choose from: options are texts or {value, label}; `.input` is the select. */
export function select(label, { options, value, help, ...attributes }) {
  const items = options.map((one) => {
    const { value: own, label: words } = typeof one === "object" ? one : { value: one, label: String(one) };
    return h("option", { value: own }, words);
  });
  return field(label, { help, input: h("select", { value: value ?? options[0]?.value ?? options[0], ...attributes }, items) });
}

/** A slider with its value beside it; `oninput(value)` while it moves, `onchange(value)` when it rests; `.value`, `.set(x)`. */
export function range(label, { min = 0, max = 1, step = 0.01, value = 0, help, show = String, oninput, onchange, ...more } = {}) {
  const output = h("output", {}, show(value));
  const input = h("input", { type: "range", min, max, step, value, ...more });
  const tell = () => {
    output.textContent = show(Number(input.value));
    input.setAttribute("aria-valuetext", output.textContent);
    input.style.setProperty("--share", String((input.value - min) / (max - min || 1)));
  };
  input.addEventListener("input", () => (tell(), oninput?.(Number(input.value))));
  input.addEventListener("change", () => onchange?.(Number(input.value)));
  const element = field(label, { input, help });
  element.classList.add("range");
  input.before(output);
  tell();
  element.set = (x) => {
    input.value = x;
    tell();
  };
  Object.defineProperty(element, "value", { get: () => Number(input.value) });
  return element;
}

/** How far something is: `.update(share or null, words)`. */
export function progressBar(label) {
  const bar = h("progress", { max: 1, "aria-label": label });
  const words = h("small", { class: "quiet" });
  const element = h("div", { class: "progress" }, bar, words);
  element.update = (share, text = "") => {
    if (share === null || share === undefined || Number.isNaN(share)) bar.removeAttribute("value");
    else bar.value = share;
    words.textContent = text;
    words.hidden = !text;
  };
  element.update(null);
  return element;
}

/** What a page shows while there is nothing: a picture (name or node), a title, words that teach, and what to do. */
export function emptyState({ picture = "info", title, words, action }) {
  const drawn = typeof picture === "string" ? h("div", { class: "badge" }, icon(picture, 28)) : picture;
  return h(
    "div",
    { class: "empty" },
    drawn,
    title && h("h2", {}, title),
    words && h("p", { class: "quiet" }, words),
    action && h("div", { class: "row middle" }, action),
  );
}

/** Ask in a dialog; actions are {label, value, kind}; answers the chosen value, or null when it is closed. */
export function dialog({ title, body, actions = [] }) {
  return new Promise((resolve) => {
    const name = uid("dialog");
    const close = (value) => {
      answer = value;
      box.close();
    };
    let answer = null;
    const feet = actions.map(({ label, value, kind = "" }) => button(label, { kind, onclick: () => close(value) }));
    const box = h(
      "dialog",
      { "aria-labelledby": name },
      h("header", { class: "row between" }, h("h2", { id: name }, title), iconButton("close", t("shell.close"), { onclick: () => close(null) })),
      h("div", { class: "stack" }, body),
      feet.length ? h("footer", { class: "row end" }, feet) : null,
    );
    box.addEventListener("click", (event) => event.target === box && close(null));
    box.addEventListener("close", () => {
      box.remove();
      resolve(answer);
    });
    document.body.append(box);
    box.showModal();
  });
}

/** Ask before something that cannot be taken back. */
export async function confirm(title, words, label, kind = "danger") {
  const actions = [
    { label: t("shell.cancel"), value: false, kind: "soft" },
    { label, value: true, kind },
  ];
  return (await dialog({ title, body: h("p", {}, words), actions })) === true;
}

/** Tabs: items are {name, label, fill(panel)}; a panel is filled when it is first seen; `.choose(name)`. */
export function tabs(label, items, { chosen = items[0].name, onchoose } = {}) {
  const list = h("div", { role: "tablist", "aria-label": label, class: "tablist" });
  const panel = h("div", { role: "tabpanel", id: uid("panel"), tabindex: 0 });
  const element = h("div", { class: "tabs stack" }, list, panel);
  const heads = items.map(({ name, label: words }) =>
    h("button", { type: "button", role: "tab", id: uid("tab"), "aria-controls": panel.id, onclick: () => element.choose(name) }, words),
  );
  list.append(...heads);
  element.choose = (name, silent = false) => {
    const at = Math.max(0, items.findIndex((item) => item.name === name));
    heads.forEach((head, index) => {
      head.setAttribute("aria-selected", String(index === at));
      head.tabIndex = index === at ? 0 : -1;
    });
    panel.setAttribute("aria-labelledby", heads[at].id);
    replace(panel);
    items[at].fill?.(panel);
    if (!silent) onchoose?.(items[at].name);
  };
  list.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const now = heads.findIndex((head) => head.tabIndex === 0);
    const next = event.key === "Home" ? 0 : event.key === "End" ? heads.length - 1 : by && (now + by + heads.length) % heads.length;
    if (next === undefined) return;
    event.preventDefault();
    element.choose(items[next].name);
    heads[next].focus();
  });
  element.choose(chosen, true);
  return element;
}

/** A card, with a title and what can be done at its right. */
export function card({ title, level = 2, actions, ...attributes } = {}, ...children) {
  const name = title ? uid("card") : null;
  const head = title || actions ? h("header", { class: "row between" }, title && h(`h${level}`, { id: name }, title), actions && h("div", { class: "row tight" }, actions)) : null;
  const { class: own, ...more } = attributes;
  return h("section", { class: ["card", "stack", own], "aria-labelledby": name, ...more }, head, children);
}

/** A page's head: its h1, a sentence, and what can be done. */
export function pageHead(title, words, ...actions) {
  return h(
    "header",
    { class: "page-head row between" },
    h("div", {}, h("h1", { tabindex: -1 }, title), words && h("p", { class: "lead" }, words)),
    actions.length ? h("div", { class: "row" }, actions) : null,
  );
}

/** Facts in two columns: [[what, value], ..]. */
export function facts(pairs) {
  return h(
    "dl",
    { class: "facts" },
    pairs.filter(Boolean).map(([what, value]) => h("div", {}, h("dt", {}, what), h("dd", {}, value))),
  );
}

/** A small word with a colour: ok, busy, danger, quiet. */
export function pill(text, kind = "quiet") {
  return h("span", { class: ["pill", kind] }, text);
}
