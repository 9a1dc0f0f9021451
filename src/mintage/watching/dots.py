"""Draws scores as dots with their intervals on a common axis, as inline SVG; shapes tell what colours tell too."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from mintage.contracts import Score
from mintage.watching.words import compact, interval, label, number

__all__ = ["DOTS_STYLE", "dots", "dots_key"]

WIDTH, EDGE, ROW, TOP, BOTTOM = 230, 14, 18, 10, 26
LETTERS = 20  # room left of the axis for the names of several scores

DOTS_STYLE = """
.dots{width:230px;height:auto;display:block;font:11px system-ui,sans-serif}
.dots text{fill:var(--soft)}.dots .name{fill:var(--ink);font-weight:600}.dots line{stroke:var(--edge)}
.dots .span{stroke:var(--accent);stroke-width:4;stroke-linecap:round;opacity:.55}.dots .dot{fill:var(--accent)}
.dots .floor{fill:var(--warn)}.dots .ideal{fill:var(--card);stroke:var(--good);stroke-width:1.8}
.dots .down{stroke:var(--warn);stroke-dasharray:2 3}
.sign{width:22px;height:14px;vertical-align:-2px;display:inline}
"""


_DOT = '<circle class="dot" r="4.5"/>'
_FLOOR = '<polygon class="floor" points="-5,-4.5 5,-4.5 0,4.5"/>'
_IDEAL = '<polygon class="ideal" points="0,-5 5,0 0,5 -5,0"/>'


@dataclass(frozen=True, slots=True)
class _Axis:
    low: float
    high: float
    left: int

    def x(self, value: float) -> float:
        return round(self.left + (value - self.low) / (self.high - self.low) * (WIDTH - EDGE - self.left), 1)


def dots(scores: Sequence[Score], names: Sequence[str] = (), *, among: Sequence[Score] = ()) -> str:
    """One dot a line, all on one axis: the value, its 95 % interval, a triangle for the floor, a diamond for the ideal.

    `names` are a letter or two that stand before the lines; the axis has room for all `among`.

    >>> dots([Score(name="coverage", value=0.8, low=0.78, high=0.82, floor=0.97, ideal=1)])[:25]
    '<svg class="dots" viewBox'
    """
    axis = _axis([*scores, *among], EDGE + (LETTERS if names else 0))
    height = TOP + ROW * len(scores) + BOTTOM
    base = height - BOTTOM
    floor = next(iter(_finite(score.floor for score in scores)), None)
    ideal = next(iter(_finite(score.ideal for score in scores)), None)
    parts = [f'<line x1="{axis.left}" x2="{WIDTH - EDGE}" y1="{base}" y2="{base}"/>']
    for end, anchor in ((axis.low, "start"), (axis.high, "end")):
        text = compact(float(f"{end:.3g}"))
        parts.append(f'<text x="{axis.x(end)}" y="{height - 4}" text-anchor="{anchor}">{text}</text>')
    if floor is not None:
        x = axis.x(floor)
        parts.append(f'<line class="down" x1="{x}" x2="{x}" y1="{TOP}" y2="{base}"/>')
        parts.append(_placed(x, 5, _FLOOR, f"floor {number(floor)}"))
    if ideal is not None:
        parts.append(_placed(axis.x(ideal), base, _IDEAL, f"ideal {number(ideal)}"))
    for index, score in enumerate(scores):
        parts += _line(axis, TOP + ROW * (index + 0.5), score, names[index] if names else "")
    told = [f"{names[index]}: {_said(score)}" if names else _said(score) for index, score in enumerate(scores)]
    told += [f"{mark} {number(at)}" for mark, at in (("floor", floor), ("ideal", ideal)) if at is not None]
    aria = escape(f"{label(scores[0].name)}: {'; '.join(told)}.")
    return f'<svg class="dots" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{aria}">{"".join(parts)}</svg>'


def dots_key() -> str:
    """What the shapes mean, as a line of HTML."""
    span = '<line class="span" x1="-8" x2="8" y1="0" y2="0"/>'
    return (
        f'<p class="eyebrow wide">{_sign(span + _DOT, "Dot")} the value and its 95 % interval · '
        f"{_sign(_FLOOR, 'Triangle')} the floor, which is what other real examples score: nothing can be expected to "
        f"be better · {_sign(_IDEAL, 'Diamond')} the ideal, where one is known</p>"
    )


def _sign(shape: str, name: str) -> str:
    return f'<svg class="dots sign" viewBox="-11 -7 22 14" role="img" aria-label="{name}:">{shape}</svg>'


def _placed(x: float, y: float, shape: str, tip: str) -> str:
    return f'<g transform="translate({x} {y})">{shape}<title>{tip}</title></g>'


def _line(axis: _Axis, y: float, score: Score, name: str) -> list[str]:
    parts = [f'<text class="name" x="2" y="{y + 4}">{escape(name)}</text>'] if name else []
    ends = _finite([score.low, score.high])
    if len(ends) == 2:
        parts.append(f'<line class="span" x1="{axis.x(ends[0])}" x2="{axis.x(ends[1])}" y1="{y}" y2="{y}"/>')
    if math.isfinite(score.value):
        parts.append(_placed(axis.x(score.value), y, _DOT, _said(score)))
    return parts


def _axis(scores: Sequence[Score], left: int) -> _Axis:
    """From the least to the greatest of all that is drawn; a share has at least the way from 0 to 1."""
    shown = _finite(n for s in scores for n in (s.value, s.low, s.high, s.floor, s.ideal)) or [0.0]
    low, high = min(shown), max(shown)
    if low >= 0 and any(score.ideal in (0.5, 1) for score in scores):
        return _Axis(0.0, max(1.0, high), left)
    if 0 < low < 0.4 * high:
        low = 0.0  # a zero in sight keeps sizes honest
    room = 0.08 * (high - low) or 0.5 * abs(high) or 0.5
    return _Axis(low if low == 0 else low - room, high + room, left)


def _said(score: Score) -> str:
    return f"{number(score.value)}, 95 % interval {interval(score.low, score.high)}"


def _finite(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None and math.isfinite(value)]
