// Knows whether the server answers, asks again until it does, and tells who wants to know.

const listeners = new Set();
let state = "ok"; // ok | reconnecting | gone | locked
let timer = 0;
let since = 0;

/** How the connection stands now. */
export function connection() {
  return state;
}

/** Call `tell` now and at every change. */
export function watchConnection(tell) {
  listeners.add(tell);
  tell(state);
}

/** Something answered, so the server is there. */
export function answered() {
  clearTimeout(timer);
  timer = 0;
  turn("ok");
}

/** The server knows this page no longer: its secret is another. */
export function locked() {
  turn("locked");
}

/** Something did not answer: ask until the server is back. */
export function lost() {
  if (timer || state === "locked") return;
  since = Date.now();
  turn("reconnecting");
  timer = setTimeout(ask, 400);
}

/** One question; what is cheap and always there is the page's own icon. */
async function ask() {
  try {
    const answer = await fetch("icon.svg", { cache: "no-store", method: "HEAD" });
    if (answer.status === 401) locked();
    else answered();
  } catch {
    if (Date.now() - since > 4000) turn("gone");
    timer = setTimeout(ask, Date.now() - since > 30000 ? 4000 : 1000);
  }
}

/** Change the state and say so. */
function turn(next) {
  if (next === state) return;
  state = next;
  for (const tell of listeners) tell(state);
}
