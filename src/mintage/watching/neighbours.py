"""Lays made pictures beside the training pictures nearest to them, so that a person sees whether they are copies."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from mintage.watching.grid import INK, PAPER, font_for, on_paper

__all__ = ["pair_sheet"]

COLUMNS = 5  # pairs in a row
SIDE, MOST_SIDE = 108, 160  # pixels: what small pictures are enlarged to at least, and large ones reduced to
SEAM, GAP, LINE, TITLE = 2, 16, 20, 40
TELLS = "In each pair: left made, right the nearest training example."


def pair_sheet(made: Sequence[Image.Image], nearest: Sequence[Image.Image], captions: Sequence[str]) -> Image.Image:
    """A sheet of pairs, five in a row, each with its caption, under a line that says which side is which.

    Small pictures are enlarged by a whole factor, so that a pixel stays a pixel.

    Raises:
        ValueError: no pairs, or as many pictures or captions as do not fit.

    >>> pair_sheet([Image.new("L", (28, 28))] * 3, [Image.new("L", (28, 28))] * 3, ["0.31", "0.44", "0.9"]).size
    (742, 180)
    """
    if not made or not len(made) == len(nearest) == len(captions):
        raise ValueError(
            f"A sheet of pairs needs as many made pictures ({len(made)}) as nearest ones ({len(nearest)}) and captions "
            f"({len(captions)}), and at least one."
        )
    factor = _factor([*made, *nearest])
    made, nearest = [_scaled(image, factor) for image in made], [_scaled(image, factor) for image in nearest]
    width = max(image.width for image in [*made, *nearest])
    height = max(image.height for image in [*made, *nearest])
    columns = min(COLUMNS, len(made))
    cell_width, cell_height = 2 * width + SEAM + GAP, height + LINE + GAP // 2
    title_width = math.ceil(font_for(TELLS, 16).getlength(TELLS)) + 2 * GAP
    size = (max(columns * cell_width + GAP, title_width), TITLE + math.ceil(len(made) / columns) * cell_height)
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, TITLE // 2), TELLS, fill=INK, font=font_for(TELLS, 16), anchor="lm")
    for index, (left, right, caption) in enumerate(zip(made, nearest, captions, strict=True)):
        row, column = divmod(index, columns)
        x, y = GAP + column * cell_width, TITLE + row * cell_height
        sheet.paste(left, (x, y))
        sheet.paste(right, (x + width + SEAM, y))
        draw.text((x, y + height + LINE // 2), caption, fill=INK, font=font_for(caption, 12), anchor="lm")
    return sheet


def _factor(images: Sequence[Image.Image]) -> float:
    side = max(max(image.size) for image in images)
    return float(math.ceil(SIDE / side)) if side < MOST_SIDE else MOST_SIDE / side


def _scaled(image: Image.Image, factor: float) -> Image.Image:
    how = Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.LANCZOS
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return on_paper(image, "RGB").resize(size, how)
