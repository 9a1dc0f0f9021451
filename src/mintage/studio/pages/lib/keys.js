// Keys that do something anywhere on a page, the list of them, and the switch that turns them off.

let bindings = [];
let waiting = 0; // until when a "g" waits for its second key

/** Are single keys listened to? A person may turn them off, since they can be spoken or hit by chance. */
export function keysOn() {
  try {
    return localStorage.getItem("mintage.keys") !== "off";
  } catch {
    return true;
  }
}

/** Turn single keys on or off. */
export function setKeysOn(on) {
  try {
    localStorage.setItem("mintage.keys", on ? "on" : "off");
  } catch {
    // a browser that keeps nothing
  }
}

/** Do `act` at this key ("p", "ArrowLeft", "g d") until the signal ends; `words()` says what it does, for the list. */
export function onKey(key, words, act, signal) {
  const binding = { key, words, act };
  bindings.push(binding);
  signal?.addEventListener("abort", () => {
    bindings = bindings.filter((other) => other !== binding);
  });
}

/** All that can be pressed now: [{key, words}]. */
export function keysNow() {
  return bindings.map(({ key, words }) => ({ key, words: words() }));
}

/** Does this element want the keys for itself? */
function writes(element) {
  if (element.isContentEditable || element.closest?.("dialog[open]")) return true;
  if (element.tagName === "INPUT") return !["checkbox", "radio", "button", "file"].includes(element.type);
  return ["TEXTAREA", "SELECT"].includes(element.tagName);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (!keysOn() || writes(event.target)) return;
  const now = Date.now();
  const pressed = now < waiting ? `g ${event.key}` : event.key;
  waiting = 0;
  const found = bindings.findLast(({ key }) => key === pressed);
  if (found) {
    event.preventDefault();
    found.act(event);
  } else if (event.key === "g") waiting = now + 1500;
});
