"""How files become examples: the one rule for classes that folders and archives share, and the sides of a translation."""

from __future__ import annotations

import hashlib
import io
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from mintage import registry
from mintage.contracts import Example
from mintage.errors import DataError

__all__ = ["IMAGE_SUFFIXES", "Arrangement", "Half", "Side", "arrange", "holds_pictures", "is_wanted", "side_at"]

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")
_SPLITS = frozenset({"train", "training", "test", "testing", "val", "valid", "validation", "dev", "eval"})


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Which files are examples, in order, and the class of each."""

    kept: tuple[int, ...]  # places in the names that were given
    classes: tuple[str, ...]
    conditions: tuple[int, ...]  # of the kept ones; empty without classes
    remarks: tuple[str, ...]  # what a person should know: files that were left out


def is_wanted(name: str, suffixes: Sequence[str]) -> bool:
    """Whether a relative name has one of the suffixes (in any case) and no hidden part.

    >>> is_wanted("cats/1.JPG", (".jpg",)), is_wanted("cats/.cache/1.jpg", (".jpg",))
    (True, False)
    """
    path = PurePosixPath(name)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return path.suffix.lower() in suffixes and not hidden


def arrange(names: Sequence[str], where: Path, suffixes: Sequence[str]) -> Arrangement:
    """Sub-folders of the first level are classes if at least two of them hold examples.

    A root that holds nothing but one folder is descended first. Examples that lie beside the class folders are left
    out if they are the fewer; if they are the more, the sub-folders are no classes and everything is taken.

    >>> found = arrange(["set/b/1.png", "set/a/2.png"], Path("set.zip"), (".png",))
    >>> found.classes, found.conditions
    (('a', 'b'), (1, 0))

    Raises:
        DataError: there is no example at all.
    """
    if not names:
        raise DataError(f"{where} holds no file that can be read. Wanted are files that end in {' '.join(suffixes)}.")
    depth = _depth_of_root(names)
    tops = [parts[depth] if len(parts := name.split("/")) > depth + 1 else None for name in names]
    counts = Counter(tops)
    loose = counts.pop(None, 0)
    if len(counts) < 2:
        return Arrangement(tuple(range(len(names))), (), (), ())
    classed = len(names) - loose
    if loose >= classed:
        remark = f"Sub-folders are not taken for classes: {loose} files lie beside them and only {classed} inside."
        return Arrangement(tuple(range(len(names))), (), (), (remark,))
    remarks: tuple[str, ...] = ()
    if loose:
        remarks = (f"{loose} files that lie beside the class folders are left out.",)
    classes = tuple(sorted(str(top) for top in counts))
    if _SPLITS.issuperset(name.lower() for name in classes):
        remarks += (f"The classes {' and '.join(classes)} look like splits: give the path of one of them instead.",)
    place = {name: index for index, name in enumerate(classes)}
    kept = tuple(index for index, top in enumerate(tops) if top is not None)
    return Arrangement(kept, classes, tuple(place[str(tops[index])] for index in kept), remarks)


def _depth_of_root(names: Sequence[str]) -> int:
    shared = PurePosixPath(names[0]).parts[:-1]
    for name in names:
        parts = name.split("/")[:-1]
        same = next((n for n, (a, b) in enumerate(zip(shared, parts, strict=False)) if a != b), len(parts))
        shared = shared[: min(same, len(parts))]
    return len(shared)


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
