// A made file dropped back onto a page: its settings are read out of it and handed to the making.

import { post } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { fail, say } from "../lib/notice.js";
import { button } from "../lib/parts.js";
import { t } from "../lib/words.js";

let waiting = null; // settings on their way from one page to the next

/** What a file said, once: {run, settings}, or null. */
export function takeDropped() {
  const said = waiting;
  waiting = null;
  return said;
}

/** Listen for files dropped anywhere on the page; `.button` chooses one instead. `found(run, settings)` is told. */
export function restoreFrom({ found, signal, takes = null }) {
  const read = async (file) => {
    if (!file) return;
    try {
      const form = new FormData();
      form.append("file", file);
      waiting = await post("/gallery/read", form);
      say(t("gallery.restored", { name: file.name }));
      found(waiting.run, waiting.settings);
    } catch (error) {
      if (takes && error.status === 400) takes(file);
      else fail(error);
    }
  };
  const input = h("input", {
    type: "file", hidden: true, accept: ".png,.webp,.txt,.csv,.json", "data-choose": "made",
    onchange: (event) => {
      read(event.target.files[0]);
      event.target.value = "";
    },
  });
  window.addEventListener("dragover", (event) => event.preventDefault(), { signal });
  window.addEventListener("drop", (event) => (event.preventDefault(), read(event.dataTransfer?.files?.[0])), { signal });
  const chooser = button(t("gallery.restore"), { kind: "soft", icon: "upload", onclick: () => input.click() });
  return { button: h("span", {}, chooser, input) };
}
