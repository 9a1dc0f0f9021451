"""The order of the data as a pure function: which example is the i-th that training sees.

A permutation of each epoch that is computed, never stored: a resumed run, another number of processes or a set of
six million images needs no state and no memory.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mintage.seeding import derive

__all__ = ["Part", "indices", "split"]

Indices = NDArray[np.int64]
_ROUNDS = 6


def indices(first: int, count: int, size: int, seed: int) -> Indices:
    """Which examples of `size` are the global samples first .. first + count - 1.

    Each epoch shows every example once, in an order of its own.

    >>> sorted(indices(10, 10, 10, seed=0).tolist()) == list(range(10))
    True
    """
    positions = np.arange(first, first + count, dtype=np.int64)
    epochs, places = positions // size, positions % size
    shuffled = np.empty_like(places)
    for epoch in np.unique(epochs):
        mine = epochs == epoch
        shuffled[mine] = _permute(places[mine], size, derive(seed, "order", int(epoch)))
    return shuffled


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the examples: a stretch of one random order, computed and never stored."""

    size: int  # of the whole
    first: int
    count: int
    key: int

    def __len__(self) -> int:
        return self.count

    def at(self, places: Indices) -> Indices:
        """Which examples stand at these places of the part, 0 .. count - 1."""
        return _permute(self.first + places, self.size, self.key)

    def cut(self, count: int) -> tuple[Part, Part]:
        """The first so many examples, and the rest."""
        return replace(self, count=count), replace(self, first=self.first + count, count=self.count - count)

    def head(self, count: int) -> Indices:
        """The first examples of the part, at most so many: a random sample of it."""
        return self.at(np.arange(min(count, self.count), dtype=np.int64))


def split(size: int, heldout: int, seed: int) -> tuple[Part, Part]:
    """(train, heldout): a random part that training never sees, and the rest."""
    key = derive(seed, "split")
    return Part(size, heldout, size - heldout, key), Part(size, 0, heldout, key)


def _permute(places: Indices, size: int, key: int) -> Indices:
    """A bijection of 0 .. size - 1: a Feistel network on the next power of four, walked until inside.

    Luby and Rackoff (1988) for the network; cycle walking keeps it a bijection of any size.
    """
    half = max(1, (int(size - 1).bit_length() + 1) // 2)
    mask = np.uint64((1 << half) - 1)
    keys = [np.uint64(derive(key, r)) for r in range(_ROUNDS)]
    result = places.astype(np.uint64)
    outside = np.ones(len(result), dtype=bool)
    while outside.any():
        left, right = result[outside] >> np.uint64(half), result[outside] & mask
        for k in keys:
            left, right = right, left ^ (_mix(right ^ k) & mask)
        result[outside] = (left << np.uint64(half)) | right
        outside = result >= np.uint64(size)
    return result.astype(np.int64)


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele et al., 2014)."""
    with np.errstate(over="ignore"):
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
