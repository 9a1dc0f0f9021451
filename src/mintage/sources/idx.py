"""Images and labels in idx files, as MNIST and its family come (the format of LeCun et al., 1998)."""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mintage import registry
from mintage.contracts import Example
from mintage.errors import DataError

__all__ = ["Idx"]

_IMAGES = re.compile(r"^(.*?)images[-.]idx[34]-ubyte(\.gz)?$", re.IGNORECASE)
_SPLIT_WORDS = {"train": ("train",), "test": ("t10k", "test")}


class Idx:
    """A folder that holds *-images-idx3-ubyte(.gz) and *-labels-idx1-ubyte(.gz), or one images file.

    `split` picks among several: train-* or t10k-*. Without a labels file there are no classes. Classes are called
    after their labels, except Fashion-MNIST's, which have names. Plain files are memory-mapped, packed ones are read.

    Raises:
        DataError: no such files, or damaged ones.
    """

    remarks: tuple[str, ...] = ()

    def __init__(self, path: Path, split: Literal["train", "test"] = "train") -> None:
        self.path = Path(path)
        self._images_file = _images_file(self.path, split)
        self._labels_file = _labels_file(self._images_file)
        self._images = _read(self._images_file)
        if self._images.ndim not in (3, 4):
            raise DataError(f"{self._images_file} holds {self._images.ndim} axes; images have 3 (or 4, with channels).")
        self.classes: tuple[str, ...] = ()
        self._conditions: NDArray[np.int64] | None = None
        if self._labels_file is not None:
            labels = _read(self._labels_file)
            if labels.shape != self._images.shape[:1]:
                raise DataError(
                    f"{self._labels_file} has {labels.shape} labels for {len(self._images)} images. "
                    "Both files must be of one set."
                )
            values, places = np.unique(labels, return_inverse=True)
            self._conditions = places.astype(np.int64)
            self.classes = self._name(values.tolist())

    @classmethod
    def accepts(cls, path: Path) -> bool:
        """A folder with an images file, or such a file."""
        if path.is_dir():
            return any(_IMAGES.match(file.name) for file in path.glob("*idx*"))
        return path.is_file() and bool(_IMAGES.match(path.name))

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> Example:
        condition = None if self._conditions is None else int(self._conditions[index])
        return Example(str(index), self._images[index], condition)

    def fingerprint(self) -> str:
        """A hash of the files' unpacked content: packed or not, the same images are the same data."""
        total = hashlib.blake2b(str(self._images.shape).encode(), digest_size=16)
        total.update(np.ascontiguousarray(self._images).data)
        if self._conditions is not None:
            total.update(repr(self.classes).encode() + self._conditions.tobytes())
        return total.hexdigest()

    def _name(self, values: list[int]) -> tuple[str, ...]:
        fashion = registry.find("sources", "fashion_mnist")
        is_fashion = "fashion" in self._images_file.resolve().parent.name.lower() or (
            self._images.shape[1:] == (28, 28) and _pixels_hash(self._images) in fashion.PIXELS
        )
        if is_fashion and max(values) < len(fashion.CLASSES):
            return tuple(fashion.CLASSES[value] for value in values)
        return tuple(str(value) for value in values)


def _images_file(path: Path, split: str) -> Path:
    if path.is_file():
        return path
    files = sorted(file for file in path.glob("*idx*") if _IMAGES.match(file.name)) if path.is_dir() else []
    if not files:
        raise DataError(f"{path} holds no idx images. Wanted is a file such as train-images-idx3-ubyte.gz.")
    mine = [file for file in files if any(word in file.name.lower() for word in _SPLIT_WORDS[split])]
    if not mine and (len(files) > 1 or split == "test"):
        names = ", ".join(file.name for file in files)
        raise DataError(f"{path} holds no {split} split, only {names}. Give the path of one of these files.")
    return (mine or files)[0]


def _labels_file(images: Path) -> Path | None:
    """The labels beside the images, packed or not."""
    stem = re.sub(r"\.gz$", "", images.name, flags=re.IGNORECASE)
    name = re.sub(r"images([-.])idx[34]", r"labels\1idx1", stem, flags=re.IGNORECASE)
    candidates = [images.with_name(name + ending) for ending in ("", ".gz")]
    return next((file for file in candidates if file != images and file.is_file()), None)


def _read(file: Path) -> NDArray[np.uint8]:
    try:
        if file.name.lower().endswith(".gz"):
            with gzip.open(file) as stream:
                data: Any = stream.read()
        else:
            data = np.memmap(file, dtype=np.uint8, mode="r")
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise DataError(f"{file} cannot be read: {error}. Copy or download it again.") from error
    head = bytes(data[:4])
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] != 8:
        raise DataError(f"{file} is not an idx file of unsigned bytes.")
    start = 4 + 4 * head[3]
    shape = tuple(int.from_bytes(data[place : place + 4], "big") for place in range(4, start, 4))
    wanted = int(np.prod(shape, dtype=object)) if shape else 0
    if len(data) != start + wanted or wanted == 0:
        raise DataError(f"{file} says {shape}, {wanted} bytes, but holds {max(0, len(data) - start)}: it is damaged.")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def _pixels_hash(images: NDArray[np.uint8]) -> str:
    return hashlib.sha256(np.ascontiguousarray(images).data).hexdigest()
