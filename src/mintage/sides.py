"""The two sides of a translation: chosen pictures of a folder or archive, or one half of each."""

from __future__ import annotations

import hashlib
import io
import posixpath
from collections.abc import Iterator, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from mintage import registry
from mintage.contracts import Example
from mintage.errors import DataError

__all__ = ["Half", "Side", "side_at"]


class Half(IntEnum):
    """Which half of a picture that holds a pair side by side."""

    LEFT = 0
    RIGHT = 1


class Side:
    """One side of a translation: chosen examples of another source, without classes, or one half of each.

    Names are told from `root` on, the folder that holds them all, so that partners in two archives have one name.
    """

    classes: Sequence[str] = ()

    def __init__(self, source: Any, rows: Sequence[int], half: Half | None = None, root: str = "") -> None:
        self.source, self.rows, self.half, self.root = source, rows, half, root
        self.remarks: tuple[str, ...] = tuple(source.remarks)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Example:
        example = self.source[self.rows[index]]
        name = example.name.removeprefix(self.root)
        return Example(name, example.x if self.half is None else _half(example.x, self.half, name))

    def chosen(self, places: Sequence[int]) -> Side:
        """Some of these examples, in the order given."""
        return Side(self.source, [self.rows[place] for place in places], self.half, self.root)

    def names(self) -> Iterator[str]:
        """Of all examples, without reading them."""
        known = self.source.names()
        return (known[row].removeprefix(self.root) for row in self.rows)

    def fingerprint(self) -> str:
        """A hash of what the source holds, and of what is chosen from it."""
        return self._hashed(self.source.fingerprint())

    def stamp(self) -> str:
        """A quick one, where the source has it."""
        return self._hashed(self.source.stamp() if hasattr(self.source, "stamp") else self.source.fingerprint())

    def _hashed(self, word: str) -> str:
        total = hashlib.blake2b(f"{word} {self.half}{self.root}".encode(errors="surrogateescape"), digest_size=16)
        total.update(np.asarray(self.rows, np.int64).tobytes())
        return total.hexdigest()


def side_at(path: Path, what: str) -> Side:
    """All pictures of a folder, zip or tar, whose sub-folders mean nothing; an error calls them `what`.

    Raises:
        DataError: there is none.
    """
    if not path.exists():
        raise DataError(f"{what}, {path}, does not exist. Check the path.")
    kind = next((k for k in ("folder", "archive") if registry.find("sources", k).accepts(path)), None)
    if kind is None:
        raise DataError(f"{what}, {path}, is neither a folder of pictures nor a zip or tar file.")
    try:
        source = registry.find("sources", kind)(path)
    except DataError as error:
        raise DataError(f"{what} cannot be used: {error}") from error
    root = posixpath.commonpath({posixpath.dirname(name) for name in source.names()})
    return Side(source, range(len(source)), root=f"{root}/" if root else "")


def _half(raw: Any, half: Half, name: str) -> Image.Image:
    try:
        with Image.open(io.BytesIO(raw) if isinstance(raw, bytes) else raw) as image:
            upright = ImageOps.exif_transpose(image)
            upright.load()
    except Exception as error:  # Pillow's decoders meet damage with almost any exception
        raise DataError(f"{name} cannot be read: {error}") from error
    width, height = upright.size
    if width % 2 or not 1.6 <= width / height <= 2.5:
        raise DataError(f"{name}: {width}x{height} is no pair side by side, which is twice as wide as high")
    return upright.crop((half * width // 2, 0, (half + 1) * width // 2, height))
