// Starts the studio's page: words, frame, and the view that the address names.

import { h, replace } from "./lib/dom.js";
import { announce, prepareNotices } from "./lib/notice.js";
import { button, emptyState, linkButton } from "./lib/parts.js";
import { PAGES, here, to } from "./lib/route.js";
import { drawShell, markPage, startShell } from "./lib/shell.js";
import { loadWords, t } from "./lib/words.js";

const header = document.querySelector("#header");
const main = document.querySelector("#main");
let leaving = new AbortController();
let first = true;

/** Show the view of the address; whoever was shown before is told to end. */
async function show({ keepFocus = false } = {}) {
  leaving.abort();
  const left = (leaving = new AbortController());
  const { name, parts, query } = here();
  const place = h("div", { class: ["view", `view-${name}`] });
  markPage();
  const moved = !first && !keepFocus;
  first = false;
  if (moved) scrollTo(0, 0);
  const bones = waiting();
  const slow = setTimeout(() => (place.isConnected ? place.childElementCount || place.append(bones) : replace(main, bones)), 250);
  try {
    const known = name === "home" || PAGES.includes(name);
    const [view] = await Promise.all(known ? [import(`./views/${name}.js`), loadWords("shell", name)] : []);
    if (view?.words) await loadWords(...view.words);
    if (left.signal.aborted) return;
    replace(main, place);
    whenTitled(place, left.signal, moved, bones);
    if (view) await view.show(place, { parts, query, signal: left.signal });
    else missing(place);
  } catch (error) {
    if (left.signal.aborted || error.name === "AbortError") return;
    if (error.name !== "ApiError") console.error(error);
    replace(main, place);
    broken(place, error);
    whenTitled(place, left.signal, moved, bones);
  } finally {
    clearTimeout(slow);
  }
}

/** As soon as the view has its h1: the document's title follows it, and the focus goes there after a change of page. */
function whenTitled(place, signal, moved, bones) {
  const look = () => {
    const title = place.querySelector("h1");
    if (!title) return false;
    bones.remove();
    const words = title.textContent.trim();
    document.title = words && words !== "Mintage" ? `${words} · Mintage` : "Mintage";
    title.tabIndex = -1;
    if (moved) title.focus({ preventScroll: true });
    return true;
  };
  if (look()) return;
  const watching = new MutationObserver(() => look() && watching.disconnect());
  watching.observe(place, { childList: true, subtree: true });
  signal.addEventListener("abort", () => watching.disconnect());
}

/** What stands there while a view takes longer. */
function waiting() {
  const bars = [40, 90, 75].map((share) => h("div", { class: "bone", style: { width: `${share}%` } }));
  return h("div", { class: "skeleton stack", "aria-busy": true, "aria-label": t("shell.waiting") }, bars);
}

/** There is no such page. */
function missing(place) {
  const action = linkButton(t("shell.missing.back"), to("home"), { kind: "primary" });
  const empty = emptyState({ picture: "search", words: t("shell.missing.words"), action });
  replace(place, h("h1", { class: "middle" }, t("shell.missing")), empty);
}

/** The page is there and does not come. */
function broken(place, error) {
  const again = button(t("shell.again"), { kind: "primary", icon: "again", onclick: () => (error.status === undefined ? location.reload() : show()) });
  const home = linkButton(t("shell.missing.back"), to("home"), { kind: "soft" });
  const words = error.status === undefined ? t("shell.broken.words") : error.detail;
  replace(place, h("h1", { class: "middle" }, t("shell.broken")), emptyState({ picture: "alert", words, action: [again, home] }));
}

await loadWords("shell", "home");
prepareNotices(document.querySelector("#notices"));
startShell(header);
drawShell(header);
window.addEventListener("hashchange", () => show());
document.addEventListener("languagechange", async () => {
  drawShell(header);
  await show({ keepFocus: true });
  document.querySelector("header button[lang]")?.focus();
  announce(t("shell.language.now"), { now: true });
});
await show();
