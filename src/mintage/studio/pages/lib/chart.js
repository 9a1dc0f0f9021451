// Curves that grow while a run learns, on uPlot, which is loaded when the first curve is drawn.

import { h } from "./dom.js";
import { language, number, t } from "./words.js";

const MOST = 4000; // points drawn; above that every second one is dropped, again and again
const COLOURS = ["--curve-1", "--curve-2", "--curve-3", "--curve-4", "--curve-5", "--curve-6"];

/** uPlot and its style, fetched once. */
async function plotting() {
  const style = new URL("../vendor/uPlot.css", import.meta.url).href;
  if (!document.querySelector(`link[href="${style}"]`)) document.head.append(h("link", { rel: "stylesheet", href: style }));
  return (await import("../vendor/uPlot.js")).default;
}

/**
 * Draw curves in `place`: series are {label, key, dash?}; rows are objects, `x` is the key of the horizontal axis ("step").
 * `log` draws the values on a logarithmic axis. Answers {add(row), set(rows), destroy()}, usable at once.
 */
export function chart(place, { series, log = false, x = "step", height = 220, label = "", signal } = {}) {
  let rows = [];
  let every = 1;
  let seen = 0;
  let plot = null;
  let asked = 0;
  const canvas = h("div", { class: "chart", role: "img", "aria-label": label });
  const legend = h("ul", { class: "legend" }, series.map(entry));
  place.append(canvas, legend);

  const columns = () => [rows.map((row) => row[x]), ...series.map(({ key }) => rows.map((row) => usable(row[key], log)))];
  const draw = () => {
    asked = 0;
    if (plot) plot.setData(columns());
    const last = rows.at(-1);
    const now = series.filter(({ key }) => typeof last?.[key] === "number").map((one) => `${one.label} ${number(last[one.key], 3)}`);
    if (last) canvas.setAttribute("aria-label", t("shell.chart.now", { label, x: number(last[x]), values: now.join(", ") }));
    series.forEach(({ key }, index) => {
      legend.children[index].lastChild.textContent = typeof last?.[key] === "number" ? number(last[key], 3) : "";
    });
  };
  const soon = () => (asked ||= requestAnimationFrame(draw));
  const build = async () => {
    const Plot = await plotting();
    if (signal?.aborted || !canvas.isConnected) return;
    plot?.destroy();
    plot = new Plot(options({ series, log, x, height, width: Math.max(canvas.clientWidth, 100) }), columns(), canvas);
    draw();
  };
  const sized = new ResizeObserver(() => plot?.setSize({ width: Math.max(canvas.clientWidth, 100), height }));
  sized.observe(canvas);
  document.addEventListener("themechange", build, { signal });
  const destroy = () => {
    sized.disconnect();
    cancelAnimationFrame(asked);
    plot?.destroy();
    plot = null;
  };
  signal?.addEventListener("abort", destroy);
  build();

  return {
    add(row) {
      seen += 1;
      if (seen % every === 0) rows.push(row);
      if (rows.length > MOST) {
        rows = rows.filter((_, index) => index % 2 === 0);
        every *= 2;
      }
      soon();
    },
    set(all) {
      seen = all.length;
      every = Math.max(1, Math.ceil(all.length / MOST));
      rows = all.filter((_, index) => index % every === 0);
      soon();
    },
    destroy,
  };
}

/** A value that can be drawn, or null: a gap. */
function usable(value, log) {
  return typeof value === "number" && Number.isFinite(value) && (!log || value > 0) ? value : null;
}

/** One line of the legend: a stroke as it is drawn, its name, its newest value. */
function entry({ label, dash }, index) {
  const stroke = h("span", { class: ["stroke", dash && "dashed"], style: { "--colour": `var(${COLOURS[index % COLOURS.length]})` } });
  return h("li", {}, stroke, label, h("b", {}));
}

/** What uPlot is told, in the colours of the theme. */
function options({ series, log, x, height, width }) {
  const style = getComputedStyle(document.documentElement);
  const probe = h("span", { hidden: true });
  document.body.append(probe);
  const colour = (name) => {
    probe.style.color = style.getPropertyValue(name);
    return getComputedStyle(probe).color;
  };
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: colour("--ink-2"), font, grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  const brief = new Intl.NumberFormat(language(), { notation: "compact", maximumFractionDigits: 2 });
  const values = (_, ticks) => ticks.map((tick) => (tick === null ? "" : brief.format(tick)));
  const lines = series.map(({ label, dash }, index) => ({
    label,
    stroke: colour(COLOURS[index % COLOURS.length]),
    width: 1.75,
    dash: dash ? [6, 4] : undefined,
    spanGaps: true,
    points: { show: false },
  }));
  probe.remove();
  return {
    width,
    height,
    legend: { show: false },
    cursor: { y: false, drag: { setScale: false } },
    scales: { x: { time: false }, y: log ? { distr: 3 } : {} },
    axes: [{ ...axis, values, space: 70 }, { ...axis, values, size: 52 }],
    series: [{ label: x }, ...lines],
  };
}
