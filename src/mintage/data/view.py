"""A part of the data as training and judging see it: its rows, a window of each, and what stands beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mintage.contracts import Batch, Degradation, Examples
from mintage.data.order import indices
from mintage.data.packed import Packed
from mintage.seeding import derive, generator

__all__ = ["Origin", "Rows", "RowsOf", "View"]

Indices = NDArray[np.int64]


class RowsOf(Protocol):
    """Some of the rows of a packing, in an order of their own: `Part` or `Listed`."""

    def __len__(self) -> int: ...
    def at(self, places: Indices) -> Indices: ...
    def head(self, count: int) -> Indices: ...


class Rows(NamedTuple):
    """Which packed examples, and which of the origin stand beside them."""

    x: Indices
    beside: Indices | None = None

    def cut(self, first: int, count: int) -> Rows:
        """Some of them."""
        part = slice(first, first + count)
        return Rows(self.x[part], None if self.beside is None else self.beside[part])


@dataclass(frozen=True, eq=False)
class Origin:
    """The pictures that targets are made from: packed by themselves, and aligned with the targets or not."""

    packed: Packed
    part: RowsOf  # unaligned: the rows that belong to this part of the data
    partners: Indices | None = None  # aligned: of each packed target, the row of its input


@dataclass(frozen=True, eq=False)
class View:
    """Training, selection or held-out examples, ready to be drawn from.

    What a model is told beside an example is its class, its input picture (`origin`), or the example itself spoiled
    (`degrade`). With a `window` an example is seen through a square of that side: anywhere while training, the
    middle when judging.
    """

    packed: Packed
    part: RowsOf
    origin: Origin | None = None
    window: int | None = None
    degrade: Degradation | None = None

    def __len__(self) -> int:
        return len(self.part)

    @property
    def is_aligned(self) -> bool:
        """Whether what stands beside an example belongs to it."""
        return self.origin is None or self.origin.partners is not None

    @property
    def num_inputs(self) -> int:
        """How many pictures there are to translate."""
        return len(self) if self.origin is None or self.is_aligned else len(self.origin.part)

    def order(self, first: int, count: int, seed: int) -> Rows:
        """The examples that training sees as its global samples first .. first + count - 1."""
        rows = self.part.at(indices(first, count, len(self.part), seed))
        if self.origin is None or self.is_aligned:
            return self._with_partners(rows)
        others = self.origin.part
        return Rows(rows, others.at(indices(first, count, len(others), derive(seed, "origin"))))

    def head(self, first: int, count: int) -> Rows:
        """Examples in the order of the part, for judging; unaligned sides may end at different lengths."""
        rows = self.part.head(first + count)[first:]
        if self.origin is None or self.is_aligned:
            return self._with_partners(rows)
        return Rows(rows, self.origin.part.head(first + count)[first:])

    def gather(self, rows: Rows, corners: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """What is stored, seen through windows whose corners are shares of the free way; None: the middle.

        Shape: (B, 2) uniform -> (B, *stored) uint8, and (B,) classes or (B', *stored) uint8 pictures.
        """
        x, beside = self._windowed(self.packed, rows.x, corners)
        if self.origin is None:
            return x, beside
        assert rows.beside is not None
        return x, self._windowed(self.origin.packed, rows.beside, corners)[0]

    def expand(self, x: Tensor, beside: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """The same as a model sees it, on any device; spoiling comes later, after augmentation."""
        if self.origin is not None:
            assert beside is not None
            beside = self.origin.packed.codec.expand(beside)
        return self.packed.codec.expand(x), beside

    def batch(self, first: int, count: int) -> Batch:
        """Examples first .. first + count - 1 of the part on the CPU, the same at every call."""
        x, beside = self.expand(*self.gather(self.head(first, count)))
        if self.degrade is not None:
            draws = self.degrade.num_draws
            rows = [torch.rand(draws, generator=generator(0, "spoil", first + k)) for k in range(len(x))]
            beside = self.degrade(x, torch.stack(rows))
        return Batch(x, beside)

    def examples(self, most: int) -> Examples:
        """The first examples of the part as they are packed, at most so many, with classes where there are any."""
        x, beside = self._windowed(self.packed, self.part.head(most), None)
        return Examples(x, beside)

    def _with_partners(self, rows: Indices) -> Rows:
        partners = None if self.origin is None else self.origin.partners
        return Rows(rows, None if partners is None else partners[rows])

    def _windowed(self, packed: Packed, rows: Indices, corners: Tensor | None) -> tuple[Tensor, Tensor | None]:
        if self.window is None:
            return packed.gather(rows)
        free = np.array(packed.x.shape[1:3]) - self.window
        shares = np.full((len(rows), 2), 0.5) if corners is None else corners.numpy()
        places = np.minimum((shares * (free + 1)).astype(np.int64), free)
        taken = np.empty((len(rows), self.window, self.window, packed.x.shape[3]), np.uint8)
        for k, (row, (top, left)) in enumerate(zip(rows, places, strict=True)):
            taken[k] = packed.x[row, top : top + self.window, left : left + self.window]
        classes = None if packed.condition is None else torch.from_numpy(packed.condition[rows])
        return torch.from_numpy(taken), classes
