// Tells a person what happened: a short note with Undo, and words that only a screen reader says.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./words.js";

const STAYS = 6000;
const PAUSE = 4000; // at least so long between two announcements, so that progress does not talk all the time

let polite, urgent, toasts;
let said = 0;
let pending = 0;

/** Make the regions that a screen reader watches; they have to be there before they speak. */
export function prepareNotices(place) {
  polite = h("div", { class: "unseen", role: "status", "aria-live": "polite" });
  urgent = h("div", { class: "unseen", role: "alert" });
  toasts = h("div", { class: "toasts" });
  place.append(polite, urgent, toasts);
}

/** A note at the edge of the page; with `undo` it stays longer and can be taken back. */
export function say(text, { undo, kind = "" } = {}) {
  const close = () => note.remove();
  const note = h(
    "div",
    { class: ["toast", kind], role: "group", "aria-label": text },
    icon(kind === "danger" ? "alert" : "check"),
    h("p", {}, text),
    undo && h("button", { class: "soft small", onclick: () => (close(), Promise.resolve(undo()).catch(fail)) }, t("shell.undo")),
    h("button", { class: "plain small", "aria-label": t("shell.close"), onclick: close }, icon("close")),
  );
  toasts.append(note);
  while (toasts.children.length > 3) toasts.firstChild.remove();
  announce(undo ? `${text} ${t("shell.undo.said")}` : text, { now: true, loud: kind === "danger" });
  let timer = 0;
  const start = () => (timer = setTimeout(close, STAYS * (undo ? 2.5 : kind === "danger" ? 3 : 1)));
  const stop = () => clearTimeout(timer);
  note.addEventListener("pointerenter", stop);
  note.addEventListener("focusin", stop);
  note.addEventListener("pointerleave", start);
  note.addEventListener("focusout", start);
  start();
  return close;
}

/** Words for screen readers alone: at most one every few seconds, the newest wins. */
export function announce(text, { now = false, loud = false } = {}) {
  clearTimeout(pending);
  const wait = now ? 0 : Math.max(0, said + PAUSE - Date.now());
  pending = setTimeout(() => {
    said = Date.now();
    const place = loud ? urgent : polite;
    if (place) place.textContent = text === place.textContent ? `${text}\u00a0` : text;
  }, wait);
}

/** Say what went wrong; a question that the person left is no error. */
export function fail(error) {
  if (error?.name === "AbortError") return;
  if (error?.name !== "ApiError") console.error(error);
  if (error?.status === 0 || error?.status === 401) return; // the line at the top says it already
  say(error?.detail ?? error?.message ?? String(error), { kind: "danger" });
}
