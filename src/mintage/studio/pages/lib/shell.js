// The frame around every page: the way to the six pages, the language, the theme, the state of the connection, the keys.

import { watchConnection } from "./connection.js";
import { h, replace } from "./dom.js";
import { icon, mark } from "./icons.js";
import { keysNow, keysOn, onKey, setKeysOn } from "./keys.js";
import { announce } from "./notice.js";
import { button, dialog, field, iconButton } from "./parts.js";
import { PAGES, go, here, to } from "./route.js";
import { language, setLanguage, t } from "./words.js";

const JUMPS = { home: "g h", data: "g d", train: "g t", create: "g c", gallery: "g g", judge: "g j", laboratory: "g l" };
let status, banner;

/** Draw the frame; again after a change of language. */
export function drawShell(header) {
  const pages = PAGES.map((name) => h("li", {}, h("a", { href: to(name), dataset: { page: name } }, icon(name), h("span", {}, t(`shell.${name}`)))));
  const other = language() === "en" ? ["zh-CN", "中文"] : ["en", "English"]; // a language is called by its own name
  status = h("span", { class: "status" }, h("span", { class: "dot" }), h("span", {}));
  banner = h("div", { class: "banner", hidden: true });
  replace(
    header,
    h("a", { class: "skip", href: "#main", onclick: skip }, t("shell.skip")),
    h(
      "div",
      { class: "bar" },
      h("a", { class: "brand", href: to("home"), dataset: { page: "home" } }, mark(), h("span", {}, "Mintage")),
      h("nav", { "aria-label": t("shell.pages") }, h("ul", {}, pages)),
      h(
        "div",
        { class: "tools" },
        status,
        h("button", { type: "button", class: "plain small", lang: other[0], onclick: () => setLanguage(other[0]) }, other[1]),
        themeButton(),
        iconButton("keys", t("shell.keys"), { onclick: showKeys, class: "plain round keys-button" }),
      ),
    ),
    banner,
  );
  markPage();
  tellConnection(shown);
}

/** Mark the page that the person is on. */
export function markPage() {
  const { name } = here();
  for (const link of document.querySelectorAll("header [data-page]")) {
    if (link.dataset.page === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** To the content, past the header; the address stays as it is. */
function skip(event) {
  event.preventDefault();
  const target = document.querySelector("#main h1") ?? document.querySelector("#main");
  target.focus();
  target.scrollIntoView({ block: "start" });
}

/** Is the page dark now? */
function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Light to dark and back. */
function themeButton() {
  const dark = isDark();
  return iconButton(dark ? "sun" : "moon", t(dark ? "shell.light" : "shell.dark"), {
    onclick: (event) => {
      const next = isDark() ? "light" : "dark";
      document.documentElement.dataset.theme = next;
      try {
        localStorage.setItem("mintage.theme", next);
      } catch {
        // a browser that keeps nothing
      }
      const fresh = themeButton();
      event.currentTarget.replaceWith(fresh);
      fresh.focus();
      document.dispatchEvent(new Event("themechange"));
    },
  });
}

let shown = "ok";

/** Say how the connection stands: a dot with a word, and a line under the header when the server is away. */
function tellConnection(state) {
  const before = shown;
  shown = state;
  if (!status) return;
  status.dataset.state = state;
  status.lastChild.textContent = t(`shell.connection.${state}`);
  banner.hidden = state === "ok" || state === "reconnecting";
  if (!banner.hidden) {
    const title = h("strong", {}, t(`shell.banner.${state}`));
    const words = h("p", {}, t(`shell.banner.${state}.words`));
    const again = state === "locked" ? button(t("shell.reload"), { kind: "soft small", onclick: () => location.reload() }) : null;
    replace(banner, icon(state === "locked" ? "lock" : "alert"), h("div", {}, title, words), again);
  }
  if (before !== state) announce(t(`shell.connection.${state}`), { now: true });
}

/** The list of keys. */
function showKeys() {
  if (document.querySelector("dialog[open]")) return;
  const rows = keysNow().map(({ key, words }) =>
    h("div", {}, h("dt", {}, key.split(" ").map((one) => h("kbd", {}, named(one)))), h("dd", {}, words)),
  );
  const toggle = field(t("shell.keys.on"), { type: "checkbox", checked: keysOn(), help: t("shell.keys.help") });
  toggle.input.addEventListener("change", () => setKeysOn(toggle.input.checked));
  dialog({ title: t("shell.keys"), body: [h("dl", { class: "keys" }, rows), toggle] });
}

/** What is written on a key. */
function named(key) {
  return { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", " ": "␣", Escape: "Esc" }[key] ?? key;
}

/** Start what lasts as long as the page: jumps, the watch on the connection and on the system's theme. */
export function startShell(header) {
  for (const [name, key] of Object.entries(JUMPS)) onKey(key, () => t("shell.go", { page: t(`shell.${name}`) }), () => go(to(name)));
  onKey("?", () => t("shell.keys"), showKeys);
  watchConnection(tellConnection);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    drawShell(header);
    document.dispatchEvent(new Event("themechange"));
  });
}
