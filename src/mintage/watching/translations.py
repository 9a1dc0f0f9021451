"""Lays what a translator made beside its inputs, the way back, and the target's pictures: a row a translation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw

from mintage.watching.grid import INK, PAPER, font_for, on_paper

__all__ = ["translation_sheet"]

SIDE = 128  # pixels of a cell; smaller pictures are enlarged by a whole factor
GAP, TITLE, BETWEEN = 4, 34, 20
ROWS = 8


def translation_sheet(columns: Mapping[str, Sequence[Image.Image]]) -> Image.Image:
    """Pictures in titled columns, as "input", "output", "nearest target"; after eight rows the columns begin again.

    Raises:
        ValueError: no columns, or columns of different lengths.

    >>> translation_sheet({"input": [Image.new("RGB", (64, 64))] * 3, "output": [Image.new("RGB", (64, 64))] * 3}).size
    (268, 434)
    """
    lengths = {len(pictures) for pictures in columns.values()}
    if len(lengths) != 1 or lengths == {0}:
        raise ValueError(f"A sheet of translations needs columns of one length, at least 1, not {sorted(lengths)}.")
    (count,) = lengths
    cell = max(SIDE, max(max(picture.size) for pictures in columns.values() for picture in pictures))
    blocks, rows = -(-count // ROWS), min(count, ROWS)
    block = len(columns) * (cell + GAP) + BETWEEN
    sheet = Image.new("RGB", (blocks * block - BETWEEN + GAP, TITLE + rows * (cell + GAP) + GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, (title, pictures) in enumerate(columns.items()):
        for place, picture in enumerate(pictures):
            x = place // ROWS * block + number * (cell + GAP) + GAP
            sheet.paste(_fitted(picture, cell), (x, TITLE + place % ROWS * (cell + GAP)))
            if place % ROWS == 0:
                draw.text((x + cell // 2, TITLE // 2), title, fill=INK, font=font_for(title, 15), anchor="mm")
    return sheet


def _fitted(picture: Image.Image, cell: int) -> Image.Image:
    """In the middle of its cell, so that a pixel stays a pixel."""
    factor = max(1, cell // max(picture.size))
    whole = on_paper(picture, "RGB").resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)
    square = Image.new("RGB", (cell, cell), PAPER)
    square.paste(whole, ((cell - whole.width) // 2, (cell - whole.height) // 2))
    return square
