"""Lays many small pictures out on one sheet that is pleasant to look at; it knows pictures only as Pillow images."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

__all__ = ["INK", "PAPER", "contact_sheet", "font_for", "on_paper"]

SHEET_WIDTH = 900  # pixels that a sheet of small pictures is scaled up to
BUILT_IN = {*map(chr, range(0x20, 0x7F)), *"·°±«»©"}  # what Pillow's own font has: no accents
PAPER, INK = (38, 40, 46), (236, 237, 240)  # dark enough to let pictures speak, light enough to part black ones


def contact_sheet(
    images: Sequence[Image.Image],
    *,
    columns: int | None = None,
    scale: int | None = None,
    gap: int = 2,
    caption: str | None = None,
    row_labels: Sequence[str] | None = None,
) -> Image.Image:
    """One sheet of all images, row by row, nearly square, small ones enlarged by a whole factor.

    `scale` = None enlarges (nearest neighbour, so that a pixel stays a pixel) until the sheet is about 900 pixels wide.
    `row_labels` stand left of the rows, say the classes. Images of several sizes are centred in equal cells.

    Raises:
        ValueError: no images, or fewer than one column.

    >>> sheet = contact_sheet([Image.new("L", (28, 28), 9 * shade) for shade in range(16)], gap=1)
    >>> sheet.size
    (901, 901)
    """
    if not images:
        raise ValueError("A contact sheet needs at least one image.")
    if columns is not None and columns < 1:
        raise ValueError(f"A contact sheet needs at least one column, not {columns}.")
    width, height = max(image.width for image in images), max(image.height for image in images)
    columns = min(columns or _columns(len(images), width, height), len(images))
    rows = math.ceil(len(images) / columns)
    scale = max(1, scale or round(SHEET_WIDTH / (columns * width)))
    cell_width, cell_height = width * scale + gap, height * scale + gap
    labels = list(row_labels or [])[:rows]
    font_size = max(11, min(18, cell_height // 3))
    left = _label_width(labels, font_size)
    top = 2 * 18 if caption else 0
    mode = "L" if all(image.mode in ("1", "L") for image in images) else "RGB"
    sheet = Image.new("RGB", (left + columns * cell_width + gap, top + rows * cell_height + gap), PAPER)
    draw = ImageDraw.Draw(sheet)
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        picture = on_paper(image, mode).resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)
        x = left + gap + column * cell_width + (width * scale - picture.width) // 2
        y = top + gap + row * cell_height + (height * scale - picture.height) // 2
        sheet.paste(picture, (x, y))
    for row, label in enumerate(labels):
        middle = top + gap + row * cell_height + height * scale // 2
        draw.text((left - 10, middle), label, fill=INK, font=font_for(label, font_size), anchor="rm")
    if caption:
        draw.text((max(gap, 10), top // 2), caption, fill=INK, font=font_for(caption, 18), anchor="lm")
    return sheet


def font_for(text: str, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font that comes with Pillow, or one of the system's for letters that it lacks."""
    if not set(text) <= BUILT_IN:
        for name in ("NotoSansCJK-Regular.ttc", "msyh.ttc", "PingFang.ttc", "NotoSans-Regular.ttf", "DejaVuSans.ttf"):
            try:
                return ImageFont.truetype(name, size)
            except OSError:
                continue
    return ImageFont.load_default(size)


def on_paper(image: Image.Image, mode: str) -> Image.Image:
    """The image in the sheet's mode; what is transparent shows white, as a viewer of files would."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        alpha = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", alpha.size, "white"), alpha)
    return image.convert(mode)


def _columns(count: int, width: int, height: int) -> int:
    """As near to a square sheet as can be; full rows are worth a slightly wider sheet."""
    square = math.sqrt(count * height / width)
    wide = [columns for columns in range(1, count + 1) if count % columns == 0 and columns >= square]
    full = wide[0] if wide else count
    return full if full <= 1.75 * square else math.ceil(square)


def _label_width(labels: Sequence[str], font_size: int) -> int:
    if not labels:
        return 0
    return 22 + math.ceil(max(font_for(label, font_size).getlength(label) for label in labels))
