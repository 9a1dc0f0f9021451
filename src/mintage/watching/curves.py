"""Draws line charts as inline SVG that need nothing else: no script, no font, no network."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from mintage.watching.words import compact, number

__all__ = ["svg_curves"]

Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT = 480, 236
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 20, 28
BUCKETS = 220  # a line keeps two points for each: its lowest and its highest
HOVER_POINTS = 40
_LETTER = 7  # wide, at most

# Okabe and Ito (2008), darkened on white and lightened on black to at least 3:1; dashes tell lines apart as well.
STYLE = """
.curves{--c0:#0067a5;--c1:#b84a00;--c2:#007a58;--c3:#a4478a;--c4:#7a6200;--c5:#1b7fa8;--ink:#1f2328;--faint:#59626d;
--grid:#e3e6ea;--alarm:#b3261e;--halo:#fff;--star:#8a5a00;
width:100%;height:auto;display:block;font:12px system-ui,sans-serif}
@media screen and (prefers-color-scheme:dark){.curves{--c0:#62b5f0;--c1:#f2965c;--c2:#45c9a0;--c3:#e09ccb;--c4:#e6d35c;
--c5:#8fd3f0;--ink:#e8eaed;--faint:#a3abb6;--grid:#33373f;--alarm:#ff9b91;--halo:#1b1e24;--star:#ffc94d}}
.curves text{fill:var(--faint)}.curves .key{fill:var(--ink)}
.curves .name{stroke:var(--halo);stroke-width:3px;paint-order:stroke}.curves .grid{stroke:var(--grid)}
.curves .mark{stroke:var(--faint);stroke-dasharray:2 4}
.curves path{fill:none;stroke-linejoin:round;stroke-linecap:round}
.curves .raw{opacity:.28;stroke-width:1}.curves .line{stroke-width:2.2}
.curves .dot{fill:transparent;stroke:none}.curves .dot:hover{fill:var(--ink)}
.curves .event{stroke:var(--alarm);stroke-width:1.5}.curves .alarm{fill:var(--alarm);font-size:11px}
.curves .star{fill:var(--star)}.curves text.star{font-weight:600;stroke:var(--halo);stroke-width:3px;paint-order:stroke}
"""
DASHES = ("", "7 4", "2 4", "10 3 2 3", "", "7 4")


@dataclass(frozen=True, slots=True)
class _Frame:
    """The part of the data that is shown, and where it lands on the page."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float

    def x(self, value: float) -> float:
        return LEFT + (value - self.x_low) / (self.x_high - self.x_low) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        share = (value - self.y_low) / (self.y_high - self.y_low)
        return HEIGHT - BOTTOM - min(1.02, max(-0.02, share)) * (HEIGHT - TOP - BOTTOM)


def svg_curves(
    curves: Mapping[str, Points],
    *,
    title: str,
    x_label: str = "steps",
    y_range: tuple[float, float] | None = None,
    marks: Mapping[str, float] | None = None,
    events: Sequence[tuple[float, str]] = (),
    stars: Sequence[tuple[float, float, str]] = (),
) -> str:
    """A line chart of named curves, each a sequence of (x, y); points that are not finite are gaps left out.

    `marks` draws named horizontal lines, such as chance; `events` draws vertical ones with a hover text,
    `stars` named points (x, y, name). Long noisy curves get a smoothed line over the faint measured one. Dark and
    light follow the reader's setting.

    >>> svg_curves({"loss": [(0, 1.0), (10, 0.5)]}, title="Losses")[:30]
    '<svg class="curves" viewBox="0'
    """
    clean = {
        name: [p for p in points if math.isfinite(p[0]) and math.isfinite(p[1])] for name, points in curves.items()
    }
    clean = {name: points for name, points in clean.items() if points}
    frame = _frame(list(clean.values()), y_range, list((marks or {}).values()))
    parts = [*_axes(frame, x_label), *_events(frame, events, x_label)]
    for index, (name, points) in enumerate(clean.items()):
        parts += _curve(frame, index, name, points)
    parts += [*_marks(frame, marks or {}), *_stars(frame, stars)]
    parts += _legend({name: points[-1][1] for name, points in clean.items()})
    if not clean:
        middle = f'x="{WIDTH / 2}" y="{HEIGHT / 2}" text-anchor="middle"'
        parts.append(f"<text {middle}>Nothing was measured yet.</text>")
    said = [f"{name} ends at {number(points[-1][1])}" for name, points in clean.items()]
    summary = "; ".join([*said, *(f"{name} {number(y)} at {compact(x)} {x_label}" for x, y, name in stars)])
    return (
        f'<svg class="curves" viewBox="0 0 {WIDTH} {_height(list(clean))}" role="img" aria-label="{escape(title)}. '
        f'{escape(summary)}."><style>{STYLE.replace(chr(10), "")}</style>{"".join(parts)}</svg>'
    )


def _frame(curves: Sequence[Points], y_range: tuple[float, float] | None, marks: Sequence[float]) -> _Frame:
    xs = [x for points in curves for x, _ in points] or [0.0, 1.0]
    x_low, x_high = min(xs), max(xs)
    if x_low == x_high:
        x_low, x_high = x_low - 0.5, x_high + 0.5
    if y_range:
        return _Frame(x_low, x_high, *y_range)
    lows, highs = zip(*(_typical(points) for points in curves), strict=True) if curves else ((0.0,), (1.0,))
    low, high = min(*lows, *marks, math.inf), max(*highs, *marks, -math.inf)
    if 0 < low < 0.4 * high:
        low = 0.0  # a zero in sight keeps sizes honest
    room = 0.06 * (high - low) or 0.5 * abs(high) or 0.5
    return _Frame(x_low, x_high, low if low == 0 else low - room, high + room)


def _typical(points: Points) -> tuple[float, float]:
    """Lowest and highest, but a few far outliers may leave the frame rather than flatten everything else."""
    ys = sorted(y for _, y in points)
    if len(ys) < 50:
        return ys[0], ys[-1]
    low, high = ys[len(ys) // 100], ys[-1 - len(ys) // 100]
    room = 1.5 * (high - low)
    return max(ys[0], low - room), min(ys[-1], high + room)


def _axes(frame: _Frame, x_label: str) -> list[str]:
    parts = []
    for value in _ticks(frame.y_low, frame.y_high, 5):
        y = frame.y(value)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{compact(value)}</text>')
    ticks = _ticks(frame.x_low, frame.x_high, 6)
    meets = frame.x(ticks[-1]) > WIDTH - RIGHT - _LETTER * (len(x_label) + 2)  # the last number and what it counts
    for value in ticks[:-1] if meets else ticks:
        place = f'x="{frame.x(value):.1f}" y="{HEIGHT - BOTTOM + 18}"'
        parts.append(f'<text {place} text-anchor="middle">{compact(value)}</text>')
    unit = f"{compact(ticks[-1])} {x_label}" if meets else x_label
    parts.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - BOTTOM + 18}" text-anchor="end">{escape(unit)}</text>')
    return parts


def _ticks(low: float, high: float, about: int) -> list[float]:
    """Round values inside the range, a handful of them."""
    rough = (high - low) / about
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(index * step, 12) for index in range(first, math.floor(high / step + 1e-9) + 1)]


def _marks(frame: _Frame, marks: Mapping[str, float]) -> list[str]:
    parts = []
    for name, value in marks.items():
        y = frame.y(value)
        parts.append(f'<line class="mark" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        place = f'x="{WIDTH - RIGHT}" y="{y - 5:.1f}" text-anchor="end"'
        parts.append(f'<text class="name" {place}>{escape(name)}</text>')
    return parts


def _events(frame: _Frame, events: Sequence[tuple[float, str]], x_label: str) -> list[str]:
    parts = []
    for at, name in events:
        if frame.x_low <= at <= frame.x_high:
            x = frame.x(at)
            line = f'<line class="event" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
            anchor = "start" if x < WIDTH / 2 else "end"
            word = f'<text class="alarm" x="{x:.1f}" y="{TOP - 6}" text-anchor="{anchor}">{escape(name)}</text>'
            parts.append(f"<g>{line}{word}<title>{escape(name)}, {compact(at)} {escape(x_label)}</title></g>")
    return parts


def _stars(frame: _Frame, stars: Sequence[tuple[float, float, str]]) -> list[str]:
    parts = []
    for at, value, name in stars:
        x, y = frame.x(at), frame.y(value)
        corners = [(7 if corner % 2 == 0 else 2.9, math.pi * (corner / 5 - 0.5)) for corner in range(10)]
        shape = " ".join(f"{x + r * math.cos(angle):.1f},{y + r * math.sin(angle):.1f}" for r, angle in corners)
        anchor = "start" if x < WIDTH / 2 else "end"
        place = f'x="{x:.1f}" y="{y - 11 if y > TOP + 22 else y + 21:.1f}" text-anchor="{anchor}"'
        tip = f"<title>{escape(name)}: {number(value)} at {compact(at)}</title>"
        word = f'<text class="star" {place}>{escape(name)} {number(value)}</text>'
        parts.append(f'<g><polygon class="star" points="{shape}"/>{word}{tip}</g>')
    return parts


def _curve(frame: _Frame, index: int, name: str, points: Points) -> list[str]:
    look = f"stroke:var(--c{index % len(DASHES)})"
    dash = f";stroke-dasharray:{DASHES[index % len(DASHES)]}" if DASHES[index % len(DASHES)] else ""
    smooth = _smoothed(points)
    parts = []
    if smooth is not points:
        parts.append(f'<path class="raw" style="{look}" d="{_path(frame, _thinned(points))}"/>')
    title = f"<title>{escape(name)}</title>"
    parts.append(f'<path class="line" style="{look}{dash}" d="{_path(frame, _thinned(smooth))}">{title}</path>')
    for place in sorted({round(i * (len(smooth) - 1) / (HOVER_POINTS - 1)) for i in range(HOVER_POINTS)}):
        x, y = smooth[place]
        tip = f"<title>{escape(name)}: {number(y)} at {compact(x)}</title>"
        parts.append(f'<circle class="dot" cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}" r="5">{tip}</circle>')
    return parts


def _path(frame: _Frame, points: Points) -> str:
    if len(points) == 1:
        points = [points[0], points[0]]  # with round ends, a dot
    return "M" + "L".join(f"{frame.x(x):.1f} {frame.y(y):.1f}" for x, y in points)


def _smoothed(points: Points) -> Points:
    """A moving average of a fiftieth of the curve, both ways so that it does not lag; short curves stay."""
    if len(points) < 60:
        return points
    reach = len(points) // 50
    sums = [0.0, *itertools.accumulate(y for _, y in points)]
    smooth = []
    for at, (x, _) in enumerate(points):
        first, last = max(0, at - reach), min(len(points), at + reach + 1)
        smooth.append((x, (sums[last] - sums[first]) / (last - first)))
    return smooth


def _thinned(points: Points) -> Points:
    """At most two points a bucket, the lowest and the highest in their order, so that no spike is lost."""
    if len(points) <= 2 * BUCKETS:
        return points
    kept = [points[0]]
    for bucket in range(BUCKETS):
        part = points[bucket * len(points) // BUCKETS : (bucket + 1) * len(points) // BUCKETS]
        kept += sorted({min(part, key=lambda p: p[1]), max(part, key=lambda p: p[1])})
    return [*kept, points[-1]]


def _legend_columns(names: Sequence[str]) -> int:
    longest = max((len(name) for name in names), default=0)
    return 3 if longest <= 11 else 2 if longest <= 20 else 1


def _height(names: Sequence[str]) -> int:
    return HEIGHT + 21 * math.ceil(len(names) / _legend_columns(names))


def _legend(lasts: Mapping[str, float]) -> list[str]:
    parts = []
    columns = _legend_columns(list(lasts))
    wide = (WIDTH - LEFT - RIGHT) / columns
    for index, (name, last) in enumerate(lasts.items()):
        x, y = LEFT + index % columns * wide, HEIGHT + 14 + 21 * (index // columns)
        dash = DASHES[index % len(DASHES)]
        look = f"stroke:var(--c{index % len(DASHES)})" + (f";stroke-dasharray:{dash}" if dash else "")
        parts.append(f'<path class="line" style="{look}" d="M{x:.0f} {y - 4}h22"/>')
        parts.append(f'<text class="key" x="{x + 29:.0f}" y="{y}">{escape(name)} {number(last)}</text>')
    return parts
