"""Finds texts that are nearly copies of one another, so that a split does not part them; it knows no files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mintage.seeding import derive

__all__ = ["Sketches", "groups_of", "near_pairs", "sketch"]

Words = NDArray[np.uint32]
Rows = NDArray[np.int64]

_SHINGLE = 8  # characters
_BANDS, _ROWS = 16, 4  # texts with half of their shingles in common share a band in 64 of 100 cases, with 0.8 in all
_HASHES = _BANDS * _ROWS
_ALIKE = 0.5  # share of hashes, an estimate of the Jaccard similarity, from which two texts are near copies
_WINDOW = 4  # followers in a band that a text is compared with: clusters are found by their neighbours
_BATCH = 1 << 18  # characters
_BLOCK = 1 << 15  # shingles
_EMPTY = np.uint32(0xFFFFFFFF)
_FACTORS, _SHIFTS = (
    np.array([derive(0, word, k) for k in range(_HASHES)], np.uint64).astype(np.uint32) for word in ("factor", "shift")
)


def sketch(texts: Sequence[str]) -> Words:
    """MinHash sketches (Broder, 1997) over the sets of 8 characters in a row, upper case as lower and spaces alike.

    The share of equal hashes estimates the Jaccard similarity. The sketch of a text that comes in parts is the
    minimum of theirs. What is shorter than a shingle counts as one.

    Shape: N texts -> (N, 64).
    """
    plain = [" ".join(text.lower().split()).ljust(_SHINGLE) for text in texts]
    points = np.frombuffer("".join(plain).encode("utf-32-le", "surrogatepass"), np.uint32)
    sizes = np.array([len(text) for text in plain], np.int64)
    starts = np.cumsum(sizes) - sizes
    is_whole = np.ones(len(points), bool)  # not a shingle across the end of a text
    for back in range(1, _SHINGLE):
        is_whole[starts + sizes - back] = False
    hashes = _mixed(_rolled(points))[is_whole]
    starts -= np.arange(len(texts)) * (_SHINGLE - 1)
    made = np.full((_HASHES, len(texts)), _EMPTY, np.uint32)
    for first in range(0, len(hashes), _BLOCK):  # what stays in a processor's cache is done in half the time
        block = hashes[first : first + _BLOCK]
        rows = slice(int(np.searchsorted(starts, first, "right")) - 1, int(np.searchsorted(starts, first + _BLOCK)))
        cuts = np.maximum(starts[rows] - first, 0)
        values = np.empty_like(block)
        for k, (factor, shift) in enumerate(zip(_FACTORS | np.uint32(1), _SHIFTS, strict=True)):
            np.multiply(block, factor, out=values)
            values += shift
            made[k, rows] = np.minimum(made[k, rows], np.minimum.reduceat(values, cuts))
    return made.T.copy()


def near_pairs(sketches: Words) -> Rows:
    """Pairs of near copies, the earlier first, enough of them to join each cluster.

    Locality-sensitive hashing: sketches are sorted by each of 16 bands of four hashes, and those that agree in one are
    compared with their next followers, so the work is proportional to N.

    Shape: (N, 64) -> (P, 2).
    """
    found = [np.empty(0, np.int64)]
    for band in range(_BANDS):
        rows = np.ascontiguousarray(sketches[:, band * _ROWS : (band + 1) * _ROWS])
        halves = rows.view(np.uint64)
        order = np.lexsort((halves[:, 1], halves[:, 0]))
        ordered = halves[order]
        for step in range(1, min(_WINDOW + 1, len(order))):
            same = np.flatnonzero((ordered[step:] == ordered[:-step]).all(axis=1))
            if not len(same):
                break
            first, second = np.sort([order[same], order[same + step]], axis=0)
            found.append(first * len(sketches) + second)  # one number a pair, because those are sorted much faster
    pairs = np.stack(np.divmod(np.unique(np.concatenate(found)), max(1, len(sketches))), axis=1)
    kept: Rows = pairs[_likeness(sketches, pairs) >= _ALIKE]
    return kept


def groups_of(count: int, pairs: Rows) -> Rows:
    """The first member of the group of each text, where pairs, and pairs of pairs, belong together.

    >>> groups_of(5, np.array([[1, 3], [3, 4]])).tolist()
    [0, 1, 2, 1, 1]
    """
    first = list(range(count))

    def root(row: int) -> int:
        while first[row] != row:
            first[row] = first[first[row]]
            row = first[row]
        return row

    for a, b in pairs.tolist():
        low, high = sorted((root(a), root(b)))
        first[high] = low
    return np.array([root(row) for row in range(count)], np.int64) if len(pairs) else np.arange(count)


class Sketches:
    """Sketches of every `every`-th of `count` texts that come in pieces, in order."""

    def __init__(self, count: int, every: int) -> None:
        self.every = every
        self.table = np.full((-(-count // every), _HASHES), _EMPTY, np.uint32)
        self._rows: list[int] = []
        self._texts: list[str] = []
        self._size = 0

    def add(self, row: int, piece: str) -> None:
        """Some more of a text."""
        if row % self.every:
            return
        self._rows.append(row // self.every)
        self._texts.append(piece)
        self._size += len(piece)
        if self._size >= _BATCH:
            self._empty()

    def pairs(self) -> Rows:
        """Near copies among them, by the numbers of the texts. Shape: (P, 2)."""
        self._empty()
        return near_pairs(self.table) * self.every

    def _empty(self) -> None:
        if self._texts:
            np.minimum.at(self.table, np.array(self._rows), sketch(self._texts))
            self._rows, self._texts, self._size = [], [], 0


def _rolled(points: Words) -> Words:
    """A polynomial hash of the 8 code points from each place on; those that run over the end are of no use."""
    hashes = np.zeros(len(points), np.uint32)
    for ahead in range(_SHINGLE):
        hashes *= np.uint32(0x01000193)  # FNV's prime
        hashes[: len(points) - ahead] += points[ahead:]
    return hashes


def _mixed(x: Words) -> Words:
    """The finaliser of MurmurHash3 (Appleby, 2011), since a minimum needs all bits to be random."""
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    x = (x ^ (x >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return x ^ (x >> np.uint32(16))


def _likeness(sketches: Words, pairs: Rows) -> NDArray[np.float64]:
    parts = [np.empty(0)]
    for start in range(0, len(pairs), 1 << 16):
        first, second = (sketches[pairs[start : start + (1 << 16), side]] for side in (0, 1))
        parts.append((first == second).mean(axis=1))
    return np.concatenate(parts)
