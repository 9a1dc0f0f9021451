"""The two sides of a translation: chosen pictures of a folder or archive, or one half of each."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from mintage import registry
from mintage.arrangement import IMAGE_SUFFIXES, is_wanted
from mintage.contracts import Example
from mintage.errors import DataError

__all__ = ["Half", "Side", "holds_pictures", "side_at"]


class Half(IntEnum):
    """Which half of a picture that holds a pair side by side."""

    LEFT = 0
    RIGHT = 1


class Side:
    """One side of a translation: chosen examples of another source, without classes, or one half of each."""

    classes: Sequence[str] = ()

    def __init__(self, source: Any, rows: Sequence[int], half: Half | None = None) -> None:
        self.source, self.rows, self.half = source, rows, half
        self.remarks: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Example:
        example = self.source[self.rows[index]]
        x = example.x if self.half is None else _half(example.x, self.half)
        return Example(example.name, x)

    def chosen(self, places: Sequence[int]) -> Side:
        """Some of these examples, in the order given."""
        return Side(self.source, [self.rows[place] for place in places], self.half)

    def names(self) -> Iterator[str]:
        """Of all examples, without reading them."""
        known = self.source.names()
        return (known[row] for row in self.rows)

    def fingerprint(self) -> str:
        """A hash of what the source holds, and of what is chosen from it."""
        return self._hashed(self.source.fingerprint())

    def stamp(self) -> str:
        """A quick one, where the source has it."""
        return self._hashed(self.source.stamp() if hasattr(self.source, "stamp") else self.source.fingerprint())

    def _hashed(self, word: str) -> str:
        total = hashlib.blake2b(f"{word} {self.half}".encode(), digest_size=16)
        total.update(np.asarray(self.rows, np.int64).tobytes())
        return total.hexdigest()


def side_at(path: Path, word: str) -> Side:
    """All pictures of a folder, zip or tar, whose sub-folders mean nothing; `word` is what an error calls it.

    Raises:
        DataError: there is none.
    """
    if not path.exists():
        raise DataError(f"The {word} side, {path}, does not exist.")
    kind = next((k for k in ("folder", "archive") if registry.find("sources", k).accepts(path)), None)
    if kind is None:
        raise DataError(f"The {word} side, {path}, is neither a folder of pictures nor a zip or tar file.")
    try:
        source = registry.find("sources", kind)(path)
    except DataError as error:
        raise DataError(f"The {word} side is empty: {error}") from error
    return Side(source, range(len(source)))


def holds_pictures(path: Path) -> bool:
    """Whether a folder holds a picture at any depth."""
    return any(is_wanted(name, IMAGE_SUFFIXES) for _, _, names in os.walk(path) for name in names)


def _half(raw: Any, half: Half) -> Image.Image:
    try:
        with Image.open(io.BytesIO(raw) if isinstance(raw, bytes) else raw) as image:
            upright = ImageOps.exif_transpose(image)
            upright.load()
    except Exception as error:  # Pillow's decoders meet damage with almost any exception
        raise DataError(f"not a picture that can be read: {error}") from error
    width, height = upright.size
    if width % 2 or not 1.6 <= width / height <= 2.5:
        raise DataError(f"{width}x{height} is no pair side by side: wanted is twice as wide as high")
    return upright.crop((half * width // 2, 0, (half + 1) * width // 2, height))
