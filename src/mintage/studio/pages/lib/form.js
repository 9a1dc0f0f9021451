// Draws a form from a JSON schema, as pydantic writes it, and reads back what a person changed.

import { h } from "./dom.js";
import { field, select } from "./parts.js";
import { language, number, t } from "./words.js";

/**
 * A form for an object schema: {element, values(), changes(), check()}.
 * values(): all of it, nested. changes(): {"model.width": 32}, only what differs from the start. check(): does all of it fit?
 */
export function form(schema, values = {}, { onchange } = {}) {
  const inputs = [];
  const element = h("div", { class: "form" }, group(schema, values ?? {}, { root: schema, path: [], inputs }));
  element.addEventListener("change", () => onchange?.());
  return {
    element,
    values() {
      const all = {};
      for (const { path, read } of inputs) {
        let place = all;
        for (const name of path.slice(0, -1)) place = place[name] ??= {};
        place[path.at(-1)] = read();
      }
      return all;
    },
    changes: () => Object.fromEntries(inputs.filter((one) => one.changed()).map((one) => [one.path.join("."), one.read()])),
    check: () => inputs.map((one) => one.check()).every(Boolean),
  };
}

/** The fields of one object, its inner objects as folded groups after them. */
function group(schema, values, { root, path, inputs }) {
  const plain = [];
  const inner = [];
  for (const [name, raw] of Object.entries(schema.properties ?? {})) {
    const { schema: own, nullable } = resolve(raw, root);
    const value = values?.[name] ?? own.default ?? null;
    const here = [...path, name];
    if (own.properties) {
      const fields = group(own, value ?? {}, { root, path: here, inputs });
      inner.push(h("details", {}, h("summary", { lang: "en" }, title(name)), hint(own.description), fields));
    } else plain.push(one(name, own, value, { nullable, here, inputs }));
  }
  return h("div", { class: "stack" }, h("div", { class: "fields" }, plain), inner);
}

/** A schema without references, and whether null is allowed beside it. */
function resolve(raw, root) {
  let schema = raw;
  let nullable = false;
  for (let depth = 0; depth < 8; depth += 1) {
    if (schema.$ref) {
      const found = schema.$ref.split("/").slice(1).reduce((place, name) => place?.[name], root) ?? {};
      schema = { ...found, ...schema, $ref: undefined };
    } else if (schema.allOf?.length === 1) schema = { ...schema.allOf[0], ...schema, allOf: undefined };
    else if (schema.anyOf ?? schema.oneOf) {
      const kinds = (schema.anyOf ?? schema.oneOf).filter((kind) => kind.type !== "null");
      nullable ||= kinds.length < (schema.anyOf ?? schema.oneOf).length;
      if (kinds.length !== 1) return { schema: { ...schema, type: "json", anyOf: undefined, oneOf: undefined }, nullable };
      schema = { ...kinds[0], ...schema, anyOf: undefined, oneOf: undefined };
    } else break;
  }
  return { schema, nullable };
}

/** One setting: the input that fits its type. */
function one(name, schema, value, { nullable, here, inputs }) {
  const label = title(name);
  const options = { name: here.join("."), help: hint(schema.description, true) };
  let element;
  let read;
  if (schema.enum || schema.const !== undefined) {
    const known = schema.enum ?? [schema.const];
    const choices = known.map((item) => ({ value: String(item), label: String(item) }));
    if (nullable) choices.unshift({ value: "", label: t("shell.form.automatic") });
    element = select(label, { ...options, options: choices, value: value === null ? "" : String(value) });
    read = () => (element.input.value === "" ? null : known.find((item) => String(item) === element.input.value));
  } else if (schema.type === "boolean" && !nullable) {
    element = field(label, { ...options, type: "checkbox", checked: Boolean(value) });
    read = () => element.input.checked;
  } else if (schema.type === "integer" || schema.type === "number") {
    const limits = { min: schema.minimum ?? schema.exclusiveMinimum, max: schema.maximum ?? schema.exclusiveMaximum };
    const step = schema.type === "integer" ? 1 : "any";
    const shown = nullable ? t("shell.form.automatic") : null;
    element = field(label, { ...options, type: "number", ...limits, step, value: value ?? "", placeholder: shown, inputmode: "decimal" });
    read = () => (element.input.value === "" ? null : Number(element.input.value));
  } else if (schema.type === "string") {
    element = field(label, { ...options, value: value ?? "", placeholder: nullable ? t("shell.form.automatic") : null });
    read = () => (element.input.value === "" && nullable ? null : element.input.value);
  } else {
    element = field(label, { ...options, value: value === null ? "" : JSON.stringify(value), class: "code", spellcheck: false });
    read = () => (element.input.value === "" ? null : parsed(element.input.value));
  }
  element.querySelector("label").lang = "en";
  const started = JSON.stringify(read());
  const check = () => {
    const problem = trouble(element.input, schema, read());
    element.problem(problem);
    return !problem;
  };
  element.input.addEventListener("change", check);
  inputs.push({ path: here, read, check, changed: () => JSON.stringify(read()) !== started });
  return element;
}

/** What does not fit, in words; null when all does. */
function trouble(input, schema, value) {
  if (input.validity?.badInput || value === undefined) return t("shell.form.unread");
  if (typeof value !== "number") return null;
  if (schema.type === "integer" && !Number.isInteger(value)) return t("shell.form.whole");
  const below = value < schema.minimum || value <= schema.exclusiveMinimum;
  const above = value > schema.maximum || value >= schema.exclusiveMaximum;
  if (below) return t("shell.form.least", { x: number(schema.minimum ?? schema.exclusiveMinimum, 6) });
  return above ? t("shell.form.most", { x: number(schema.maximum ?? schema.exclusiveMaximum, 6) }) : null;
}

/** "latent_dim" as a person reads it: "Latent dim". */
function title(name) {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The description of a setting, which stands in the code and so in English. */
function hint(text, bare = false) {
  if (!text) return null;
  const words = text.split("\n\n")[0].replaceAll("\n", " ");
  return h(bare ? "span" : "p", { class: bare ? null : "help", lang: language() === "en" ? null : "en" }, words);
}

/** JSON as it was written, or undefined where it is none. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
