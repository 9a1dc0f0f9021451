// What a person reads: texts by key, and numbers, durations, sizes and dates as their language writes them.

const LANGUAGES = ["en", "zh-CN"];
const catalogue = new Map();
const loaded = new Map(); // name -> language it was loaded in

/** The language of the page. */
export function language() {
  return document.documentElement.lang;
}

/** Load the words of these rooms ("shell", "train", ..), once for each language. */
export async function loadWords(...names) {
  const tongue = language();
  await Promise.all(
    names
      .filter((name) => loaded.get(name) !== tongue)
      .map(async (name) => {
        const answer = await fetch(new URL(`../words/${tongue}/${name}.json`, import.meta.url));
        if (!answer.ok) return;
        for (const [key, text] of Object.entries(await answer.json())) catalogue.set(key, text);
        loaded.set(name, tongue);
      }),
  );
}

/** Change the language and load again what was loaded; who shows words listens to "languagechange" on the document. */
export async function setLanguage(tongue) {
  if (!LANGUAGES.includes(tongue) || tongue === language()) return;
  document.documentElement.lang = tongue;
  try {
    localStorage.setItem("mintage.language", tongue);
  } catch {
    // a browser that keeps nothing: the choice holds for this page
  }
  await loadWords(...loaded.keys());
  document.dispatchEvent(new Event("languagechange"));
}

/** Is there a text for this key? */
export function has(key) {
  return catalogue.has(key) || catalogue.has(`${key}.other`);
}

/** The text of a key, with {name} filled in; {n} chooses between "key.one" and "key.other". */
export function t(key, values = {}) {
  let text = catalogue.get(key);
  if (text === undefined && typeof values.n === "number") {
    const form = new Intl.PluralRules(language()).select(values.n);
    text = catalogue.get(`${key}.${form}`) ?? catalogue.get(`${key}.other`);
  }
  if (text === undefined) {
    console.error(`no words for ${key}`);
    return key;
  }
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    if (value === undefined || value === null) return whole;
    return typeof value === "number" ? number(value) : String(value);
  });
}

/** A number, with at most `digits` after the point (2, and none from 1000 on). */
export function number(x, digits = Math.abs(x) >= 1000 ? 0 : 2) {
  return new Intl.NumberFormat(language(), { maximumFractionDigits: digits }).format(x);
}

/** A share such as 0.42 as per cent. */
export function percent(x, digits = 0) {
  return new Intl.NumberFormat(language(), { style: "percent", maximumFractionDigits: digits }).format(x);
}

/** So many of a unit, in short. */
function unit(x, name, digits = 0) {
  const style = { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: digits };
  return new Intl.NumberFormat(language(), style).format(x);
}

/** Seconds as a person says them: "12 s", "3 min 20 s", "2 hr 5 min". */
export function duration(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (seconds < 9.95 && seconds % 1) return unit(seconds, "second", 1);
  if (s < 60) return unit(s, "second");
  const m = Math.floor(s / 60);
  if (m < 10 && s % 60) return `${unit(m, "minute")} ${unit(s % 60, "second")}`;
  if (m < 60) return unit(Math.round(s / 60), "minute");
  const hours = Math.floor(m / 60);
  return m % 60 ? `${unit(hours, "hour")} ${unit(m % 60, "minute")}` : unit(hours, "hour");
}

/** A size of files: "820 kB", "1.4 MB". */
export function bytes(n) {
  const names = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  let at = 0;
  let size = n;
  while (size >= 999.5 && at < names.length - 1) {
    size /= 1000;
    at += 1;
  }
  return unit(size, names[at], at && size < 10 ? 1 : 0);
}

/** A moment (ISO text or seconds since 1970) as seen from now: "3 minutes ago", or its date. */
export function when(iso) {
  const moment = new Date(typeof iso === "number" ? iso * 1000 : iso);
  if (Number.isNaN(moment.getTime())) return "";
  const seconds = (moment.getTime() - Date.now()) / 1000;
  const relative = new Intl.RelativeTimeFormat(language(), { numeric: "auto" });
  const away = Math.abs(seconds);
  if (away < 45) return relative.format(0, "second");
  if (away < 2700) return relative.format(Math.round(seconds / 60), "minute");
  if (away < 64800) return relative.format(Math.round(seconds / 3600), "hour");
  if (away < 6 * 86400) return relative.format(Math.round(seconds / 86400), "day");
  return new Intl.DateTimeFormat(language(), { dateStyle: "medium" }).format(moment);
}
