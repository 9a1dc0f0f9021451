"""Draws returns step by step with the quantile that was foretold of each, as inline SVG; what fell below is marked."""

from __future__ import annotations

from collections.abc import Sequence

from mintage.watching.curves import STYLE
from mintage.watching.words import percent

__all__ = ["passes_chart"]

_WIDTH, _HEIGHT, _LEFT = 960, 220, 48


def passes_chart(returns: Sequence[float], threshold: Sequence[float], share: float) -> str:
    """A line up or down a return, a step line of quantiles, a dot where the return is below it. Equally many, > 0."""
    low, high = min(*returns, *threshold, -1e-9), max(*returns, *threshold, 1e-9)
    wide = (_WIDTH - _LEFT) / len(returns)

    def y(value: float) -> float:
        return 10 + (_HEIGHT - 20) * (high - value) / (high - low)

    zero, parts = y(0.0), []
    for at, (value, quantile) in enumerate(zip(returns, threshold, strict=True)):
        x = _LEFT + (at + 0.5) * wide
        parts.append(
            f'<line style="stroke:var(--faint)" x1="{x:.1f}" x2="{x:.1f}" y1="{zero:.1f}" y2="{y(value):.1f}"/>'
        )
        if value < quantile:
            tip = f"<title>step {at + 1:,}: {percent(value)}, foretold {percent(quantile)}</title>"
            parts.append(f'<circle style="fill:var(--alarm)" cx="{x:.1f}" cy="{y(value):.1f}" r="3.5">{tip}</circle>')
    path = "L".join(f"{_LEFT + (at + 0.5) * wide:.1f} {y(value):.1f}" for at, value in enumerate(threshold))
    parts.append(f'<path class="line" style="stroke:var(--c0);stroke-width:1.6" d="M{path}"/>')
    for value in (low, 0.0, high):
        parts.append(f'<text x="{_LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{percent(value)}</text>')
    passed = sum(value < quantile for value, quantile in zip(returns, threshold, strict=True))
    said = f"Returns of {len(returns):,} steps; {passed} fell below the quantile of {share:.0%} that was foretold."
    return (
        f'<svg class="curves" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{said}">'
        f"<style>{STYLE.replace(chr(10), '')}</style>{''.join(parts)}</svg>"
    )
