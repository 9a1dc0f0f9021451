// Loads the look of making, gallery and laboratory when one of them is first opened.

import { h } from "../lib/dom.js";

let coming = null;

/** Resolves once the style is there, so that nothing is seen undressed. */
export function dressed() {
  coming ??= new Promise((done) => {
    const href = new URL("./making.css", import.meta.url).href;
    document.head.append(h("link", { rel: "stylesheet", href, onload: done, onerror: done }));
  });
  return coming;
}
