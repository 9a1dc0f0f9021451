"""A part of a text as training and judging see it: windows of tokens, in an order that is computed and never stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mintage.contracts import Batch, TokenCodec
from mintage.data.order import indices
from mintage.data.tokens import TokenPart, Tokens
from mintage.data.view import Rows
from mintage.errors import DataError
from mintage.seeding import derive

__all__ = ["TextView"]

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TextView:
    """Windows of `context` + 1 tokens, of which all but the first are to be told from those before them.

    The stretches of a part are read as one, the next joined to the last, as they meet where a document begins. A part
    that is too short for a window gives shorter ones: `length` is what windows have. `Stream` uses it as it does a
    `data.view.View`.
    """

    tokens: Tokens
    part: TokenPart
    codec: TokenCodec
    context: int
    counted: NDArray[np.float32] | None = None  # nats that each token of the part costs by counting the others

    window: ClassVar[None] = None
    degrade: ClassVar[None] = None
    origin: ClassVar[None] = None
    is_aligned: ClassVar[bool] = True

    def __len__(self) -> int:
        """Windows in an epoch."""
        return self.size // self.length if self.length else 0

    @property
    def num_inputs(self) -> int:
        """As many as there are windows: nothing is told beside them."""
        return len(self)

    @cached_property
    def size(self) -> int:
        """Tokens of the part."""
        return len(self.part)

    @property
    def length(self) -> int:
        """Tokens to be told in a window: `context`, or one less than a part has that is shorter."""
        return max(0, min(self.context, self.size - 1))

    def order(self, first: int, count: int, seed: int) -> Rows:
        """Where the windows begin that training sees as its global samples first .. first + count - 1.

        In an epoch windows lie end to end from a place of its own on, over the end of the part into its beginning, in
        an order of its own; so each token is to be told once, but for fewer than `context` that no window is left for.

        Raises:
            DataError: there are fewer than two tokens.
        """
        windows = len(self)
        if not windows:
            raise DataError(
                f"There are {self.size} tokens to learn from; two are the least, and some 100,000 are wanted."
            )
        epochs = np.arange(first, first + count, dtype=np.int64) // windows
        known, which = np.unique(epochs, return_inverse=True)
        shifts = np.array([derive(seed, "phase", epoch) % self.size for epoch in known.tolist()], np.int64)
        places = indices(first, count, windows, seed)
        return Rows((shifts[which] + places * self.length) % self.size)

    def head(self, first: int, count: int) -> Rows:
        """Windows for judging, the same at every call: end to end, none over the end of the part, shuffled."""
        windows = (self.size - 1) // self.length if self.length else 0
        return Rows(indices(first, max(0, min(count, windows - first)), max(1, windows), 0) * self.length)

    def gather(self, rows: Rows, corners: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """The windows that begin there, and their nats. Shape: (B,) -> (B, length + 1) int64, float32."""
        places = (rows.x[:, None] + np.arange(self.length + 1)) % max(1, self.size)
        counted = None if self.counted is None else torch.from_numpy(self.counted[places])
        return torch.from_numpy(self._read(places)), counted

    def expand(self, x: Tensor, beside: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """The same as a model reads it."""
        return self.codec.expand(x), beside

    def batch(self, first: int, count: int) -> Batch:
        """Windows first .. first + count - 1 for judging, the same at every call."""
        return Batch(*self.expand(*self.gather(self.head(first, count))))

    def strides(self, stride: int) -> Iterator[tuple[Tensor, int]]:
        """(window, the first of its targets that counts): over the part, each token but the first counts once.

        `stride` = `context` is what others can be compared with; half of it gives tokens more to go by, and a better
        figure. Target k of a window is its token k + 1. The last window ends with the part, so it may overlap more.

        Shape: (length + 1,) int64.
        """
        if not self.length:
            return
        stride = min(max(1, stride), self.length)
        counted = 0  # targets
        for start in range(0, self.size - 1 - self.length + stride, stride):
            start = min(start, self.size - 1 - self.length)
            yield torch.from_numpy(self._read(np.arange(start, start + self.length + 1))), counted - start
            counted = start + self.length

    def stretches(self, size: int = 1 << 20) -> Iterator[Indices]:
        """All tokens of the part in order, so many at a time. Shape: (at most size,) int64."""
        for start in range(0, self.size, size):
            yield self._read(np.arange(start, min(start + size, self.size)))

    @cached_property
    def _ends(self) -> Indices:
        """Where in the part each stretch ends."""
        return np.cumsum(self.part.ranges[:, 1] - self.part.ranges[:, 0])

    @cached_property
    def _moves(self) -> Indices:
        """From a place in the part to one in the tokens, of each stretch."""
        return self.part.ranges[:, 1] - self._ends

    def _read(self, places: Indices) -> Indices:
        """Tokens at places of the part, in any shape."""
        which = np.searchsorted(self._ends, places, side="right")
        taken: NDArray[np.int64] = self.tokens.x[places + self._moves[which]].astype(np.int64)
        return taken
