"""Draws what a temperature buys: fluency against sameness of what a writer wrote, as points beside real text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from mintage.contracts import Score
from mintage.watching.curves import STYLE
from mintage.watching.page import figure
from mintage.watching.verdicts import find_score, scores_of
from mintage.watching.words import number

__all__ = ["frontier_parts"]

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 480, 300, 52, 76, 16, 40
Point = tuple[float, float]


def frontier_parts(verdict: Mapping[str, Any]) -> list[str]:
    """The frontier of the sweep as a figure; nothing where none was measured."""
    scores = scores_of(verdict)
    points = _sweep(scores)
    alike, fluent = find_score(scores, "self_bleu"), find_score(scores, "bleu")
    if len(points) < 2:
        return []
    known = alike is not None and fluent is not None and alike.floor is not None and fluent.floor is not None
    real = (alike.floor, fluent.floor) if known else None  # type: ignore[union-attr]
    words = (
        "Each point is a temperature. Up is more fluent: more of its wording stands in held-out text. Left is more "
        "varied: passages share less wording with each other. A better writer lies up and to the left; real text is "
        "where the triangle is."
    )
    return [f'<div class="whole">{figure(_svg(points, real), "What a temperature buys", words)}</div>']  # type: ignore[arg-type]


def _sweep(scores: Sequence[Score]) -> dict[str, Point]:
    """(self-BLEU, BLEU) by temperature, cold to hot."""
    found = {score.name: score.value for score in scores if score.name.startswith(("bleu/", "self_bleu/"))}
    at = [name.partition("/")[2] for name in found if name.startswith("bleu/")]
    return {t: (found[f"self_bleu/{t}"], found[f"bleu/{t}"]) for t in at if f"self_bleu/{t}" in found}


def _svg(points: Mapping[str, Point], real: Point | None) -> str:
    shown = [*points.values(), *([real] if real else [])]
    (x_low, x_high), (y_low, y_high) = (_range([point[side] for point in shown]) for side in (0, 1))

    def at(point: Point) -> Point:
        across, up = (point[0] - x_low) / (x_high - x_low), (point[1] - y_low) / (y_high - y_low)
        return round(LEFT + across * (WIDTH - LEFT - RIGHT), 1), round(
            HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM), 1
        )

    base, parts = HEIGHT - BOTTOM, []
    for value in _thirds(y_low, y_high):
        y = at((x_low, value))[1]
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{value:.2f}</text>')
    for value in _thirds(x_low, x_high):
        parts.append(f'<text x="{at((value, y_low))[0]}" y="{base + 18}" text-anchor="middle">{value:.2f}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{base + 34}" text-anchor="middle">self-BLEU: alike to each other →</text>')
    parts.append(f'<text x="{LEFT}" y="{TOP - 4}">BLEU to held-out text ↑</text>')
    line = " ".join(f"{x},{y}" for x, y in map(at, points.values()))
    parts.append(f'<polyline points="{line}" fill="none" stroke="var(--c0)" stroke-width="2.2"/>')
    for place, (temperature, point) in enumerate(points.items()):
        x, y = at(point)
        beside = y - 9 if place % 2 else y + 18  # in turn, for neighbours can be near
        parts.append(f'<circle cx="{x}" cy="{y}" r="4.5" fill="var(--c0)"/>')
        parts.append(f'<text class="key name" x="{x}" y="{beside}" text-anchor="middle">{escape(temperature)}</text>')
    said = [f"temperature {t}: self-BLEU {number(x)}, BLEU {number(y)}" for t, (x, y) in points.items()]
    if real:
        x, y = at(real)
        parts.append(f'<polygon points="{x - 6},{y + 5} {x + 6},{y + 5} {x},{y - 6}" fill="var(--c1)"/>')
        parts.append(f'<text class="key name" x="{x + 9}" y="{y + 4}">real text</text>')
        said.append(f"real text: self-BLEU {number(real[0])}, BLEU {number(real[1])}")
    return (
        f'<svg class="curves" viewBox="0 0 {WIDTH} {HEIGHT}" style="max-width:620px" role="img" aria-label="BLEU '
        f'against self-BLEU. {escape("; ".join(said))}."><style>{STYLE.replace(chr(10), "")}</style>'
        f"{''.join(parts)}</svg>"
    )


def _range(values: Sequence[float]) -> Point:
    room = 0.1 * (max(values) - min(values)) or 0.05
    return max(0.0, min(values) - room), max(values) + room


def _thirds(low: float, high: float) -> list[float]:
    return [low + (high - low) * share / 3 for share in range(4)]
