"""A table as a small picture, for the film of a training: made bars fill the outlines of the real ones, or do not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from mintage.records import Kind
from mintage.statistics.record_arrays import RecordArrays
from mintage.watching.grid import INK, PAPER, font_for
from mintage.watching.portrait import column_shares

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["records_sheet"]

_COLUMNS, _ACROSS = 12, 4
_WIDTH, _HEIGHT, _HEAD, _GAP = 216, 110, 24, 12
_MADE, _REAL = (98, 181, 240), (163, 171, 182)


def records_sheet(real: DataFrame, made: DataFrame, kinds: Mapping[str, Kind]) -> Image.Image:
    """The shares of up to 12 columns, in the order of the table, so that frames of a film lie on one another.

    Real ones are a grey outline, made ones filled; the height of a field is that of its highest real bar and a half.
    """
    shown = [name for name, kind in kinds.items() if kind != "identifier"][:_COLUMNS]
    arrays = RecordArrays.of({"real": real, "made": made}, {name: kinds[name] for name in shown})
    found = {column["name"]: column for column in column_shares(arrays)}
    rows = -(-len(shown) // _ACROSS)
    size = (_ACROSS * (_WIDTH + _GAP) + _GAP, max(1, rows) * (_HEIGHT + _HEAD + _GAP) + _GAP)
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    for place, name in enumerate(arrays.names):
        row, across = divmod(place, _ACROSS)
        left, top = _GAP + across * (_WIDTH + _GAP), _GAP + row * (_HEIGHT + _HEAD + _GAP)
        draw.text((left, top + _HEAD // 2), name[:26], fill=INK, font=font_for(name, 14), anchor="lm")
        _bars(draw, left, top + _HEAD, found[name])
    return sheet


def _bars(draw: ImageDraw.ImageDraw, left: int, top: int, column: Mapping[str, list[float]]) -> None:
    base, step = top + _HEIGHT, _WIDTH / max(1, len(column["real"]))
    scale = _HEIGHT / (1.5 * max(*column["real"], 1e-9))
    for place, (real, made) in enumerate(zip(column["real"], column["made"], strict=True)):
        x, right = left + round(place * step) + 1, left + round((place + 1) * step) - 2
        draw.rectangle((x, base - min(_HEIGHT, round(made * scale)), right, base), fill=_MADE)
        draw.rectangle((x, base - max(1, round(real * scale)), right, base), outline=_REAL, width=2)
