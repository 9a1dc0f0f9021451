// Says what a look at data found, in the language of the page, out of the figures of the report.

import { number, percent, t } from "../lib/words.js";

const FEW = 2000;
const FEWEST = 100;

/** Facts in pairs, for each kind of data. */
export function factsOf(page) {
  const { report, kind } = page;
  if (!report) return [];
  if (kind === "text") return ofText(report);
  if (kind === "records") return ofRecords(report);
  if (kind === "series") return ofSeries(report);
  return ofPictures(report);
}

/** Pictures: how many, their form, classes, sizes. */
function ofPictures(report) {
  const [height, width, channels] = report.stored;
  const colour = channels === 1 ? t("data.grey") : t("data.colour");
  const classes = Object.entries(report.classes);
  const shown = classes.slice(0, 12).map(([name, n]) => `${name} (${number(n)})`).join(", ");
  return [
    [t("data.count"), number(report.count)],
    [t("data.form"), `${width} × ${height}, ${colour}`],
    report.widths && [t("data.was"), `${spread(report.widths)} × ${spread(report.heights)}`],
    classes.length ? [t("data.classes"), `${classes.length}: ${shown}${classes.length > 12 ? ", …" : ""}`] : null,
    [t("data.duplicates"), copies(report)],
  ];
}

/** Texts: documents, characters, tokens. */
function ofText(report) {
  return [
    [t("data.documents"), number(report.count)],
    [t("data.characters"), [number(report.characters), t("data.distinct", { n: report.distinct })].join(", ")],
    [t("data.tokens"), [number(report.tokens), t("data.vocabulary", { n: report.vocabulary })].join(", ")],
    Object.keys(report.scripts).length ? [t("data.scripts"), Object.entries(report.scripts).slice(0, 4).map(([name, share]) => `${name} ${percent(share)}`).join(", ")] : null,
    [t("data.duplicates"), copies(report)],
  ];
}

/** Tables: records and columns. */
function ofRecords(report) {
  const columns = report.columns.slice(0, 20).map((one) => one.name).join(", ");
  return [
    [t("data.records"), number(report.count)],
    [t("data.columns"), `${report.columns.length}: ${columns}${report.columns.length > 20 ? ", …" : ""}`],
    [t("data.missing"), report.columns.filter((one) => one.missing > 0).map((one) => `${one.name} ${percent(one.missing, 1)}`).join(", ") || t("data.none")],
    [t("data.duplicates"), copies(report)],
  ];
}

/** Series: rows, variables, from when to when. */
function ofSeries(report) {
  return [
    [t("data.rows"), number(report.rows)],
    [t("data.span"), `${report.first} – ${report.last}`],
    [t("data.variables"), `${report.variables.length}: ${report.variables.slice(0, 20).join(", ")}`],
    [t("data.entities"), number(report.entities)],
  ];
}

/** What a person should know before training: [{text, warn}]. */
export function remarksOf(page) {
  const { report, kind } = page;
  const found = [];
  if (!report) return found;
  const pictures = !["text", "records", "series"].includes(kind);
  if (pictures && !report.is_translated && report.count < FEWEST) found.push({ text: t("data.fewest"), warn: true });
  else if (pictures && !report.is_translated && report.count < FEW) found.push({ text: t("data.few"), warn: false });
  const same = (report.num_copies ?? 0) + (report.num_near ?? 0);
  if (same > 0.02 * report.count) found.push({ text: t("data.same"), warn: true });
  const sizes = Object.entries(report.classes ?? {}).sort((a, b) => a[1] - b[1]);
  if (sizes.length > 1 && sizes[0][1] * 3 <= sizes.at(-1)[1]) {
    found.push({ text: t("data.unbalanced", { rare: sizes[0][0], few: sizes[0][1], common: sizes.at(-1)[0], many: sizes.at(-1)[1] }), warn: true });
  }
  for (const [deed, n] of Object.entries(report.done ?? {})) {
    if (["cropped", "letterboxed", "upscaled", "composited"].includes(deed)) found.push({ text: t(`data.done.${deed}`, { n }), warn: false });
  }
  return found;
}

/** "28", or "20 to 300 (usually 64)". */
function spread([least, middle, most]) {
  return least === most ? number(least) : t("data.spread", { least, most, middle });
}

/** Exact and near copies. */
function copies(report) {
  const exact = report.num_copies ?? 0;
  const near = report.num_near ?? 0;
  return exact + near ? t("data.copies", { exact, near }) : t("data.none");
}
