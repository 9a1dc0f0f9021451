"""Draws the parts of a table's portrait as inline SVG: bars, maps and quantiles; each also says what it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from mintage.watching.words import compact, number, percent

__all__ = ["KEY", "STYLE", "association_map", "bars", "quantile_plot"]

WIDTH, HEIGHT, FOOT, TOP = 300, 96, 16, 6
SIDE, LEFT = 240, 4

STYLE = (
    ".bars-of{display:grid;gap:18px 26px;grid-template-columns:repeat(auto-fill,minmax(min(100%,260px),1fr))}"
    ".maps{display:grid;gap:18px;grid-template-columns:repeat(auto-fit,minmax(min(100%,240px),1fr))}"
    ".portrait{width:100%;height:auto;display:block;font:11px system-ui,sans-serif}.portrait text{fill:var(--soft)}"
    ".portrait .made{fill:var(--accent);opacity:.7}.portrait .real{fill:none;stroke:var(--ink);stroke-width:1.4}"
    ".portrait .base{stroke:var(--edge)}.portrait .cell{fill:var(--accent)}.portrait .empty{fill:var(--code)}"
    ".portrait .dot{fill:var(--accent)}.portrait .same{stroke:var(--soft);stroke-dasharray:3 4}"
    ".portrait.small{width:22px;height:14px;display:inline;vertical-align:-2px}"
)
KEY = (
    '<p class="eyebrow">'
    '<svg class="portrait small" viewBox="0 0 22 14" aria-hidden="true"><rect class="real" x="3" y="2" width="16" '
    'height="11"/></svg> outline: real · <svg class="portrait small" viewBox="0 0 22 14" aria-hidden="true">'
    '<rect class="made" x="3" y="2" width="16" height="11"/></svg> filled: made</p>'
)


def bars(column: Mapping[str, Any]) -> str:
    """The shares of one column: made ones filled, real ones as an outline over them."""
    labels, real, made = column["labels"], column["real"], column["made"]
    top, step = max(*real, *made, 1e-9), WIDTH / max(1, len(labels))
    parts = []
    for place, (label, of_real, of_made) in enumerate(zip(labels, real, made, strict=True)):
        x, wide = place * step + step * 0.1, step * 0.8
        shapes = [
            f'<rect class="{kind}" x="{x:.1f}" y="{HEIGHT - tall:.1f}" width="{wide:.1f}" height="{tall:.1f}"/>'
            for kind, share in (("made", of_made), ("real", of_real))
            for tall in [(HEIGHT - TOP) * share / top]
        ]
        tip = f"{label}: real {percent(of_real)}, made {percent(of_made)}"
        parts.append(f"<g>{''.join(shapes)}<title>{escape(tip)}</title></g>")
    parts.append(f'<line class="base" x1="0" x2="{WIDTH}" y1="{HEIGHT}" y2="{HEIGHT}"/>')
    for label, x, anchor in ((labels[0], 0, "start"), (labels[-1], WIDTH, "end"))[: len(labels)]:
        short = label if len(label) < 22 else f"{label[:20]}…"
        parts.append(f'<text x="{x}" y="{HEIGHT + FOOT - 3}" text-anchor="{anchor}">{escape(short)}</text>')
    said = f"{column['name']}: made and real records are {percent(column['apart'])} apart."
    return _figure(
        f"{escape(column['name'])} <span class='eyebrow'>{percent(column['apart'])} apart</span>",
        _svg(WIDTH, HEIGHT + FOOT, said, parts),
    )


def association_map(title: str, names: Sequence[str], values: Sequence[Sequence[float]]) -> str:
    """A square for every two columns, the darker the stronger; hovering over one names it."""
    step = SIDE / max(1, len(names))
    parts = [f'<rect class="empty" width="{SIDE}" height="{SIDE}"/>']
    for i, row in enumerate(values):
        for j, value in enumerate(row):
            tip = f"<title>{escape(f'{names[i]}, {names[j]}: {value:.2f}')}</title>"
            place = f'x="{j * step:.1f}" y="{i * step:.1f}" width="{step:.1f}" height="{step:.1f}"'
            parts.append(f'<rect class="cell" {place} fill-opacity="{value:.2f}">{tip}</rect>')
    away = [value for i, row in enumerate(values) for value in row[:i]]
    said = f"{title}: {len(names)} columns, the strongest pair has {number(max(away, default=0.0))}."
    return _figure(title, _svg(SIDE, SIDE, said, parts))


def quantile_plot(name: str, quantiles: Mapping[str, Sequence[float]]) -> str:
    """Made quantiles over real ones; points above the line are made too large, below it too small."""
    real, made = quantiles["real"], quantiles["made"]
    if not real or not made:
        return ""
    low, high = min(*real, *made), max(*real, *made)
    scale = (SIDE / 2 - 2 * LEFT) / ((high - low) or 1.0)
    end = SIDE / 2 - LEFT
    parts = [f'<line class="same" x1="{LEFT}" y1="{end}" x2="{end}" y2="{LEFT}"/>']
    for x, y in zip(real, made, strict=True):
        tip = f"<title>real {compact(x)}, made {compact(y)}</title>"
        place = f'cx="{LEFT + (x - low) * scale:.1f}" cy="{end - (y - low) * scale:.1f}"'
        parts.append(f'<circle class="dot" r="2.4" {place}>{tip}</circle>')
    middle = len(real) // 2
    said = f"{name}: the median is {compact(real[middle])} when real and {compact(made[middle])} when made."
    return _figure(escape(name), _svg(SIDE // 2, SIDE // 2, said, parts), said.partition(": ")[2])


def _svg(width: float, height: float, said: str, parts: Sequence[str]) -> str:
    inside = "".join(parts)
    return f'<svg class="portrait" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(said)}">{inside}</svg>'


def _figure(title: str, inside: str, words: str = "") -> str:
    caption = f"<figcaption>{escape(words)}</figcaption>" if words else ""
    return f"<figure><h4>{title}</h4>{inside}{caption}</figure>"
