"""Small pictures of large ones, for a wall of thousands."""

from __future__ import annotations

import io

from PIL import Image

__all__ = ["SIDE", "size_of", "small_bytes"]

SIDE = 192


def small_bytes(data: bytes) -> bytes:
    """A WebP of at most 192 pixels a side; what is smaller stays as it is, pixel by pixel."""
    with Image.open(io.BytesIO(data), formats=("PNG", "WEBP")) as opened:
        opened.seek(0)
        image: Image.Image = opened
        if image.mode.startswith("I"):
            image = image.point(lambda value: value / 256)
        image = image.convert("RGBA" if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info else "RGB")
    is_small = max(image.size) <= SIDE
    if not is_small:
        image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    out = io.BytesIO()
    image.save(out, "WEBP", lossless=is_small and image.width * image.height <= 4096, quality=82, method=2)
    return out.getvalue()


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height, by the file's head alone."""
    with Image.open(io.BytesIO(data), formats=("PNG", "WEBP")) as image:
        return image.size
