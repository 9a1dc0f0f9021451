"""The packed form of a data set: uint8 rows in one file that is mapped, never loaded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mintage import storage
from mintage.contracts import Codec
from mintage.errors import DataError

__all__ = ["Packed", "is_intact", "names_in", "read_meta", "read_names"]


@dataclass(frozen=True, eq=False)
class Packed:
    """All examples as they are stored; rows are read from the disk as they are asked for."""

    x: NDArray[np.uint8]  # (N, *stored)
    condition: NDArray[np.int64] | None  # (N,) class indices
    classes: tuple[str, ...]
    codec: Any  # the fitted Codec
    fingerprint: str  # of the source
    folder: Path | None = None

    def __len__(self) -> int:
        return len(self.x)

    def gather(self, indices: NDArray[np.int64]) -> tuple[Tensor, Tensor | None]:
        """Rows in any order. Shape: (B,) -> (B, *stored) uint8, (B,) int64 or None."""
        rows = self.x.reshape(len(self.x), -1).view(np.ndarray)
        taken = np.take(rows, indices, axis=0).reshape(len(indices), *self.x.shape[1:])
        condition = None if self.condition is None else torch.from_numpy(np.take(self.condition, indices))
        return torch.from_numpy(taken), condition

    def names(self, indices: Iterable[int]) -> list[str]:
        """What the source calls these rows; one pass over the list of names."""
        return names_in(self.folder, indices)

    def verify(self) -> bool:
        """Read everything and compare with the hash of the packing; False means that the disk has changed it."""
        return is_intact(self.folder)

    @classmethod
    def open(cls, folder: Path, codec: type[Codec]) -> Self:
        """Map a packed folder, read-only.

        Raises:
            DataError: it is not whole.
        """
        meta = read_meta(folder)
        if meta is None:
            raise DataError(f"{folder} is not a whole packing. Remove it and pack again.")
        shape = tuple(meta["shape"])
        x = np.memmap(folder / "x.bin", np.uint8, mode="r", shape=shape)
        conditions = np.fromfile(folder / "condition.bin", np.int64) if meta["classes"] else None
        fitted = codec.from_state(meta["codec"])
        return cls(x, conditions, tuple(meta["classes"]), fitted, meta["fingerprint"], folder)


def read_meta(folder: Path) -> dict[str, Any] | None:
    """The facts of a packing, or None if it isn't whole."""
    try:
        meta: dict[str, Any] = json.loads((folder / "meta.json").read_text("utf-8"))
        whole = (folder / "x.bin").stat().st_size == int(np.prod(meta["shape"], dtype=object))
        if meta["classes"]:
            whole = whole and (folder / "condition.bin").stat().st_size == 8 * meta["shape"][0]
    except (OSError, ValueError, KeyError):
        return None
    return meta if whole else None


def is_intact(folder: Path | None) -> bool:
    """Whether a packing is what its hash says; what lies in memory alone always is."""
    if folder is None:
        return True
    meta = json.loads((folder / "meta.json").read_text("utf-8"))
    return bool(storage.sha256(folder / "x.bin") == meta["sha256"])


def names_in(folder: Path | None, rows: Iterable[int]) -> list[str]:
    """What the source calls these rows; in memory alone they are called by their numbers."""
    wanted = [int(row) for row in rows]
    return [str(row) for row in wanted] if folder is None else read_names(folder, wanted)


def read_names(folder: Path, wanted: Sequence[int]) -> list[str]:
    """Names of some rows, from one pass over the list."""
    needed = set(wanted)
    found: dict[int, str] = {}
    with (folder / "names.txt").open(encoding="utf-8") as lines:
        for row, line in enumerate(lines):
            if row in needed:
                found[row] = json.loads(line)
                if len(found) == len(needed):
                    break
    return [found[row] for row in wanted]
