"""A part of time lines as training and judging see it: windows, in an order that is computed and never stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mintage.contracts import Batch
from mintage.data.order import indices
from mintage.data.view import Rows
from mintage.errors import DataError

__all__ = ["Track", "WindowView"]


@dataclass(frozen=True, eq=False)
class Track:
    """One line as it is learned: where a window would start, the moves that lead to each row, what is known of it."""

    starts: Tensor  # (T, V) float32
    moves: Tensor  # (T, V) float32; the first row has none
    known: Tensor  # (T + context, K) float32: of rows to come, too

    def __len__(self) -> int:
        return len(self.starts)

    def window(self, first: int, steps: int) -> Tensor:
        """Shape: (steps + 1, V)."""
        return torch.cat([self.starts[first : first + 1], self.moves[first + 1 : first + steps + 1]])

    def known_of(self, first: int, steps: int) -> Tensor:
        """What is known of a window's rows, and of as many steps after it. Shape: (2 * steps + 1, K)."""
        return self.known[first : first + 2 * steps + 1]


@dataclass(frozen=True, eq=False)
class WindowView:
    """Windows of `context` steps behind a first row that says where they start; none reaches over a gap.

    `Stream` uses it as it does a `data.view.View`.
    """

    tracks: Sequence[Track]
    context: int

    window: ClassVar[None] = None
    degrade: ClassVar[None] = None
    origin: ClassVar[None] = None
    is_aligned: ClassVar[bool] = True

    def __len__(self) -> int:
        """Windows in an epoch: as many as lie end to end, and one at least where there is one."""
        return max(len(self._apart), min(len(self.firsts), 1))

    @property
    def num_inputs(self) -> int:
        """As many as there are windows."""
        return len(self)

    @cached_property
    def firsts(self) -> NDArray[np.int64]:
        """Track and row at which a window can begin. Shape: (N, 2)."""
        return self._places(1)

    @cached_property
    def _apart(self) -> NDArray[np.int64]:
        """Those of windows that lie end to end."""
        return self._places(self.context)

    def order(self, first: int, count: int, seed: int) -> Rows:
        """The windows that training sees as its global samples first .. first + count - 1: any, all equally often.

        Raises:
            DataError: no line is long enough.
        """
        if not len(self.firsts):
            raise DataError(
                f"No line without a gap has the {self.context + 1} rows of a window. Choose a smaller data.context."
            )
        return Rows(indices(first, count, len(self.firsts), seed))

    def gather(self, rows: Rows, corners: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Those windows, and what is known beforehand. Shape: (B,) -> (B, context + 1, V), (B, 2 * context + 1, K)."""
        return self._read(self.firsts[rows.x])

    def expand(self, x: Tensor, beside: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """The same as a model reads it."""
        return x, beside

    def batch(self, first: int, count: int) -> Batch:
        """Windows for judging, the same at every call: end to end, in the order of time."""
        return Batch(*self._read(self._apart[first : first + count]))

    def _places(self, apart: int) -> NDArray[np.int64]:
        found: Iterator[NDArray[np.int64]] = (
            np.stack([np.full(len(rows), place), rows], 1)
            for place, track in enumerate(self.tracks)
            if len(rows := np.arange(0, len(track) - self.context, apart))
        )
        return np.concatenate([np.empty((0, 2), np.int64), *found])

    def _read(self, places: NDArray[np.int64]) -> tuple[Tensor, Tensor | None]:
        where = [(self.tracks[track], row) for track, row in places.tolist()]
        x = torch.stack([track.window(row, self.context) for track, row in where])
        known = torch.stack([track.known_of(row, self.context) for track, row in where])
        return x, known if known.shape[2] else None
