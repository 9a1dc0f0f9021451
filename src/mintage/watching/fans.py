"""Pictures of forecasts: what was known, the fan of what may come, and what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mintage.watching.words import compact

__all__ = ["draw_fans"]

Values = NDArray[np.float64]
_WIDE, _HIGH, _GAP = 360, 140, 10  # pixels of a panel
_COLUMNS = 2
_BANDS = ((0.025, 0.975, "#d6e4f5"), (0.25, 0.75, "#9dc0e8"))
_KNOWN, _MIDDLE, _CAME, _FAINT = "#333333", "#1f5fa8", "#d1495b", "#6b7280"
_HALO: Mapping[str, Any] = {"stroke_width": 2, "stroke_fill": "white"}


def draw_fans(names: Sequence[str], known: Values, paths: Values, came: Values | None = None) -> Image.Image:
    """One panel a variable: 95 % and half of the paths lie in the bands, their middle is blue, the truth red.

    Shape: (C, V), (n, H, V), (H, V).
    """
    rows = -(-len(names) // _COLUMNS)
    size = (_COLUMNS * (_WIDE + _GAP) + _GAP, rows * (_HIGH + _GAP) + _GAP)
    sheet = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(sheet)
    for place, name in enumerate(names):
        corner = (_GAP + place % _COLUMNS * (_WIDE + _GAP), _GAP + place // _COLUMNS * (_HIGH + _GAP))
        truth = None if came is None else came[:, place]
        _draw_panel(pen, corner, known[:, place], paths[:, :, place], truth)
        pen.text(corner, name, fill=_KNOWN, **_HALO)
    return sheet


def _draw_panel(
    pen: ImageDraw.ImageDraw, corner: tuple[int, int], known: Values, paths: Values, came: Values | None
) -> None:
    ends = np.quantile(paths, [share for low, high, _ in _BANDS for share in (low, high)] + [0.5], axis=0)
    shown = np.concatenate([known, ends.ravel(), *([] if came is None else [came])])
    low, high = float(shown.min()), float(shown.max())
    length = len(known) + paths.shape[1]

    def points(first: int, values: Values) -> list[tuple[float, float]]:
        x = corner[0] + (first + np.arange(len(values))) * (_WIDE - 1) / max(length - 1, 1)
        y = corner[1] + (_HIGH - 1) * (1 - (values - low) / max(high - low, 1e-12))
        return list(zip(x.tolist(), y.tolist(), strict=True))

    last, at = known[-1:], len(known) - 1  # everything begins where the known ends
    for place, (_, _, colour) in enumerate(_BANDS):
        below, above = (points(at, np.r_[last, ends[2 * place + side]]) for side in (0, 1))
        pen.polygon([*below, *reversed(above)], fill=colour)
    pen.line(points(0, known), fill=_KNOWN)
    pen.line(points(at, np.r_[last, ends[-1]]), fill=_MIDDLE)
    if came is not None:
        pen.line(points(at, np.r_[last, came]), fill=_CAME)
    for value in (low, high):
        end = (corner[0] + _WIDE, points(0, np.array([value]))[0][1])
        pen.text(end, compact(value), fill=_FAINT, anchor="rd" if value == low else "ra", **_HALO)
