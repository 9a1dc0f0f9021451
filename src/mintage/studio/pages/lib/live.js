// Listens to server-sent events: comes back by itself, catches up on what was missed, rests while nobody looks.

import { answered, lost } from "./connection.js";
import { url } from "./api.js";

const REST_AFTER = 20000; // a page in the background gives its line back, since browsers allow six to a server

/**
 * Call `handlers[name](data, id)` for each event of a path of the API until `signal` ends.
 * A handler that throws is heard in the console and ends nothing; "end" from the server (handlers.end) closes the line.
 */
export function listen(path, handlers, signal, { after = "" } = {}) {
  let source = null;
  let last = after;
  let wait = 500;
  let timer = 0;

  const close = () => {
    clearTimeout(timer);
    source?.close();
    source = null;
  };
  const open = () => {
    close();
    if (signal?.aborted) return;
    source = new EventSource(url(path, last === "" ? {} : { after: last }));
    source.onopen = () => {
      wait = 500;
      answered();
    };
    source.onerror = () => {
      if (signal?.aborted || !source) return;
      lost();
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself, with Last-Event-ID
      timer = setTimeout(open, wait);
      wait = Math.min(wait * 2, 5000);
    };
    for (const [name, handle] of Object.entries(handlers)) {
      source.addEventListener(name, (event) => {
        if (signal?.aborted) return;
        if (event.lastEventId) last = event.lastEventId;
        let data = event.data;
        try {
          data = JSON.parse(event.data);
        } catch {
          // words that are no JSON are handed on as they are
        }
        if (name === "end") close();
        handle(data, event.lastEventId);
      });
    }
  };
  const look = () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(close, REST_AFTER);
    else if (!source) open();
  };
  document.addEventListener("visibilitychange", look, { signal });
  signal?.addEventListener("abort", close);
  open();
  return { close };
}
