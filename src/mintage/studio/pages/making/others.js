// The desks for texts as they are written, pictures made of pictures, and tables.

import { h, replace } from "../lib/dom.js";
import { announce, fail } from "../lib/notice.js";
import { button, card, field, range } from "../lib/parts.js";
import { get, url } from "../lib/api.js";
import { number, t } from "../lib/words.js";
import { tableOf } from "./item.js";
import { seedField } from "./seed.js";
import { makeInto, shelf } from "./shelf.js";
import { converse } from "./stream.js";

/** Texts: a prompt goes in, and what follows comes letter by letter. */
export async function textDesk(facts, { settings = {}, signal }) {
  const path = `/create/${encodeURIComponent(facts.run)}`;
  const prompt = field(t("create.prompt"), { type: "textarea", value: settings.prompt ?? "", help: t("create.prompt.help"), rows: 3 });
  const heading = field(t("create.heading"), { value: settings.heading ?? "", help: t("create.heading.help") });
  const temperature = range(t("create.temperature"), { min: 0, max: 2, step: 0.05, value: settings.temperature ?? 0.8, show: (x) => number(x), help: t("create.temperature.help") });
  const length = field(t("create.length"), { type: "number", min: 1, max: 4000, step: 1, value: settings.length ?? 300 });
  const template = field(t("create.template"), { value: settings.template ?? "", help: t("create.template.help"), placeholder: "5,7,5" });
  const seed = seedField(settings.seed);
  const made = await shelf(facts.run, { signal });
  const out = h("div", { class: "writing", tabindex: 0, role: "textbox", "aria-readonly": "true", "aria-multiline": "true", "aria-label": t("create.written") });
  const paper = card({ title: t("create.written") }, out);
  const write = button(t("create.write"), { kind: "primary large wide", icon: "create" });
  const stop = button(t("create.stop"), { kind: "soft wide", icon: "stop", hidden: true });
  let leaving = null;
  stop.addEventListener("click", () => leaving?.abort());
  write.addEventListener("click", async () => {
    leaving = new AbortController();
    signal.addEventListener("abort", () => leaving.abort());
    const body = { prompt: prompt.input.value, temperature: temperature.value, length: Number(length.input.value) || 300, seed: seed.value };
    if (heading.input.value) body.heading = heading.input.value;
    if (template.input.value) body.template = template.input.value;
    [write.hidden, stop.hidden] = [true, false];
    stop.focus();
    replace(out);
    try {
      await converse(`${path}/text`, body, {
        piece: ({ text }) => out.append(text),
        item: (one) => made.add([one]),
        problem: ({ detail }) => fail(new Error(detail)),
      }, leaving.signal);
      seed.next();
      announce(out.textContent.slice(0, 300), { now: true });
    } catch (error) {
      fail(error);
    } finally {
      [write.hidden, stop.hidden] = [false, true];
      if (document.activeElement === document.body) write.focus();
    }
  });
  return { desk: [card({ title: t("create.desk") }, prompt, seed, temperature, h("div", { class: "fields" }, length, heading, template), write, stop)], made: [paper, made] };
}

/** A translator: a picture goes in, a picture comes out, and both are seen. */
export async function translateDesk(facts, { settings = {}, signal }) {
  const path = `/create/${encodeURIComponent(facts.run)}/translate`;
  const strength = range(t("create.strength"), { min: 0, max: 1, step: 0.05, value: settings.strength ?? 1, show: (x) => number(x), help: t("create.strength.help") });
  const made = await shelf(facts.run, { signal });
  const both = h("div", { class: "grid", style: { "--least": "200px" } });
  const input = h("input", { type: "file", accept: ".png,.jpg,.jpeg,.webp,.bmp,.tif,.tiff", hidden: true, "data-choose": "picture", onchange: (event) => take(event.target.files[0]) });
  const choose = button(t("create.picture"), { kind: "primary large wide", icon: "picture", onclick: () => input.click() });
  const seen = card({ title: t("create.result") }, both);
  seen.hidden = true;
  return { desk: [card({ title: t("create.desk") }, h("p", { class: "quiet" }, t("create.picture.help")), strength, choose, input)], made: [seen, made], takes: take };

  async function take(file) {
    if (!file) return;
    choose.disabled = true;
    try {
      const form = new FormData();
      form.append("file", file);
      form.append("strength", String(strength.value));
      const [one] = await makeInto(made, path, form, signal);
      const picture = (source, words) => h("figure", { class: "stack tight" }, h("img", { src: source, alt: words }), h("figcaption", { class: "quiet small" }, words));
      replace(both, picture(URL.createObjectURL(file), t("create.before")), picture(url(`/gallery/${one.id}/file`), t("create.after")));
      seen.hidden = false;
    } catch (error) {
      fail(error);
    } finally {
      choose.disabled = false;
      input.value = "";
    }
  }
}

/** Records or scenarios: a table comes out, shown by its first rows. */
export async function tableDesk(facts, { settings = {}, signal }) {
  const path = `/create/${encodeURIComponent(facts.run)}`;
  const ofRecords = facts.how === "records";
  const count = field(t(ofRecords ? "create.rows" : "create.scenarios"), { type: "number", min: 1, max: facts.most, step: 1, value: settings.count ?? (ofRecords ? 1000 : 20) });
  const where = field(t("create.where"), { value: settings.where ?? "", help: t("create.where.help"), placeholder: "income='>50K' and age<30" });
  const balance = field(t("create.balance"), { value: settings.balance ?? "", help: t("create.balance.help") });
  const whole = field(t("create.whole"), { type: "checkbox", checked: Boolean(settings.no_missing) });
  const horizon = field(t("create.horizon"), { type: "number", min: 1, max: 1000, step: 1, value: settings.horizon ?? 20, help: t("create.horizon.help") });
  const seed = seedField(settings.seed);
  const made = await shelf(facts.run, { signal });
  const out = h("div", { class: "stack" });
  const seen = card({ title: t("create.result") }, out);
  seen.hidden = true;
  const make = button(t("create.make"), { kind: "primary large wide", icon: "create", onclick: work });
  const own = ofRecords ? [where, balance, whole] : [horizon];
  return { desk: [card({ title: t("create.desk") }, count, seed, own, make)], made: [seen, made] };

  async function work() {
    make.disabled = true;
    try {
      const body = { count: Number(count.input.value) || 1, seed: seed.value };
      if (ofRecords) Object.assign(body, { where: where.input.value, balance: balance.input.value, no_missing: whole.input.checked });
      else body.horizon = Number(horizon.input.value) || 20;
      const [one] = await makeInto(made, path, body, signal);
      const text = await get(`/gallery/${one.id}/file`, { query: { plain: 1 } });
      const link = h("a", { class: "button soft", href: url(`/gallery/${one.id}/file`, { plain: 1, download: 1 }), download: "" }, t("gallery.download"));
      replace(out, h("p", { class: "quiet" }, t("create.size", { rows: one.width, columns: one.height })), tableOf(text), link);
      seen.hidden = false;
      seed.next();
    } catch (error) {
      fail(error);
    } finally {
      make.disabled = false;
    }
  }
}

