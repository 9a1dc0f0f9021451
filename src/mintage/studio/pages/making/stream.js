// Reads server-sent events that answer a question, as a text that is being written does.

import { ApiError, url } from "../lib/api.js";

/** Send JSON and call `handlers[name](data)` for each event until the end or until `signal` ends it. */
export async function converse(path, body, handlers, signal) {
  const answer = await fetch(url(path), { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" }, signal });
  if (!answer.ok) {
    const said = await answer.json().catch(() => ({}));
    throw new ApiError(answer.status, said.detail ?? answer.statusText, said.kind);
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let left = "";
  for (;;) {
    const { value, done } = await reader.read();
    left += value ?? "";
    const events = left.split("\n\n");
    left = events.pop();
    for (const event of events) {
      const name = /^event: (.*)$/m.exec(event)?.[1];
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (name && data) handlers[name]?.(JSON.parse(data));
    }
    if (done) return;
  }
}
