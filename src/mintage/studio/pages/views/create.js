// Making: choose what was trained, and make more with it; the page has a desk for each kind of thing.

import { get } from "../lib/api.js";
import { h, replace } from "../lib/dom.js";
import { fail } from "../lib/notice.js";
import { button, card, emptyState, linkButton, pageHead, select } from "../lib/parts.js";
import { go, to } from "../lib/route.js";
import { t } from "../lib/words.js";
import { restoreFrom, takeDropped } from "../making/dropped.js";
import { tableDesk, textDesk, translateDesk } from "../making/others.js";
import { picturesDesk } from "../making/pictures.js";
import { makeInto } from "../making/shelf.js";
import { dressed } from "../making/style.js";

/** Rooms whose words this page shows, too. */
export const words = ["gallery"];

const DESKS = { draw: picturesDesk, write: textDesk, translate: translateDesk, records: tableDesk, scenarios: tableDesk };

/** The whole page. */
export async function show(place, { parts, query, signal }) {
  const [, runs] = await Promise.all([dressed(), trained(signal)]);
  const run = parts[0] ?? runs[0]?.id;
  if (!run) return replace(place, pageHead(t("create.title"), t("create.lead")), nothing());
  const opening = h("p", { class: "quiet", role: "status" }, t("create.opening", { run }));
  place.append(opening); // beside what stands for the page: focus stays where it is
  const facts = await get(`/create/${encodeURIComponent(run)}`, { signal });
  const settings = await wanted(query.from, run, signal);
  const { desk, made, takes } = await DESKS[facts.how](facts, { settings, signal });
  const shelf = [made].flat().at(-1);
  const drop = restoreFrom({ signal, takes, found: (owner) => go(to("create", owner, { from: "file", again: String(Date.now()) })) });
  const head = pageHead(t("create.title"), t("create.lead"), choice(runs, run), drop.button);
  return replace(place, head, h("div", { class: "split" }, h("div", { class: "stack" }, restored(settings, shelf, run, signal), desk), h("div", { class: "stack" }, made)));
}

/** Runs that can make something. */
async function trained(signal) {
  try {
    return (await get("/runs", { signal })).filter((run) => run.steps > 0 || run.finished);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return [];
  }
}

/** The settings that a person came with: those of an item, or of a file that was dropped. */
async function wanted(from, run, signal) {
  if (!from) return undefined;
  try {
    const said = from === "file" ? takeDropped()?.settings : (await get(`/gallery/${encodeURIComponent(from)}`, { signal })).settings;
    return said?.run === run ? said : undefined;
  } catch (error) {
    fail(error);
    return undefined;
  }
}

/** Which run is used. */
function choice(runs, run) {
  const known = runs.some((one) => one.id === run) ? runs : [{ id: run, name: run }, ...runs];
  const box = select(t("create.run"), { options: known.map((one) => ({ value: one.id, label: one.id })), value: run });
  box.input.addEventListener("change", () => go(to("create", box.input.value)));
  return box;
}

/** What a file or an item brought along can be made again exactly. */
function restored(settings, shelf, run, signal) {
  if (!settings) return null;
  const { run: _, ...body } = settings;
  const work = (event) => {
    event.currentTarget.disabled = true;
    const again = event.currentTarget;
    makeInto(shelf, `/create/${encodeURIComponent(run)}`, body, signal).catch(fail).finally(() => (again.disabled = false));
  };
  return card({ title: t("create.restored"), class: "accent" }, h("p", { class: "quiet small" }, t("create.restored.words")), button(t("create.again"), { kind: "soft", icon: "again", onclick: work }));
}

/** Nothing was trained yet. */
function nothing() {
  const action = linkButton(t("create.none.go"), to("train"), { kind: "primary", icon: "train" });
  return emptyState({ picture: "create", title: t("create.none"), words: t("create.none.words"), action });
}
