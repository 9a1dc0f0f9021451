"""Finds exact and nearly exact copies among packed images in bounded time and memory."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["NearCopies", "difference_hashes", "digests", "exact_copies", "near_copies", "thumbnails"]

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]
Rows = NDArray[np.int64]

_GRID = (8, 9)  # eight differences in each of eight rows: 64 bits
_FAR = 3  # bits in which the hashes of near copies may differ
_BANDS = 4  # with 3 bits wrong, at least one of four 16-bit bands is right
_TOLERANCE = 4.0  # mean absolute difference of pixels, of 255
_STRICTNESS = 0.15  # and as a part of the contrast, so that two dark images aren't the same for being dark
_COMPARISONS = 3_000_000  # a band; seconds, however many images
_CANDIDATES = 500_000  # a band
_PIXEL_BYTES = 2 << 30  # read to verify candidates
_PIXELS_AT_ONCE = 1 << 22


class NearCopies(NamedTuple):
    """Pairs of nearly the same image, and whether all such pairs were looked for."""

    pairs: Rows  # (P, 2), the earlier row first
    is_complete: bool


def digests(x: Bytes) -> Words:
    """A 64-bit content hash of each image; among six million, two different ones meet once in a million sets.

    Shape: (N, ...) -> (N,).
    """
    flat = np.ascontiguousarray(x).reshape(len(x), -1)
    return np.frombuffer(b"".join(hashlib.blake2b(row.data, digest_size=8).digest() for row in flat), np.uint64)


def thumbnails(x: Bytes) -> Bytes:
    """Grey means over a grid of 8 rows and 9 columns. Shape: (N, H, W, C) -> (N, 8, 9)."""
    grey = x.mean(axis=3, dtype=np.float32)
    down, across = (_averaging(there, here) for there, here in zip(_GRID, grey.shape[1:], strict=True))
    means: NDArray[np.float32] = down @ grey @ across.T
    return np.rint(means).astype(np.uint8)


def difference_hashes(thumbs: Bytes) -> Words:
    """The difference hash: one bit for each neighbour that is brighter than the one to its left.

    Shape: (N, 8, 9) -> (N,).
    """
    bits = thumbs[:, :, 1:] > thumbs[:, :, :-1]
    words: Words = np.packbits(bits.reshape(len(bits), 64), axis=1).view(np.uint64)[:, 0]
    return words


def exact_copies(words: Words) -> list[Rows]:
    """Groups of at least two rows with the same digest; rows and groups in order."""
    order = np.argsort(words, kind="stable")
    ordered = words[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1], [True]]))
    many = np.flatnonzero(np.diff(starts) > 1)
    groups = [order[starts[place] : starts[place + 1]].astype(np.int64) for place in many]
    return sorted(groups, key=lambda group: int(group[0]))


def near_copies(x: Bytes, rows: Rows, thumbs: Bytes) -> NearCopies:
    """Pairs whose difference hashes are at most 3 bits apart and whose pixels differ by at most 4 of 255 in the mean.

    The hashes alone would call thousands of plain images copies, so pixels decide. `rows` are those of `x` that the
    thumbnails belong to. Hashes are sorted by each 16-bit band and compared with a window of followers, so the work
    is proportional to N; where many images share a band, pairs can be missed, and `is_complete` says so.
    """
    if len(rows) < 2:
        return NearCopies(np.empty((0, 2), np.int64), True)
    pairs, is_complete = _candidates(difference_hashes(thumbs))
    thumbs_differ = _mean_difference(thumbs.reshape(len(thumbs), -1), pairs)
    pairs = pairs[thumbs_differ <= _TOLERANCE + 1]  # averaging only lessens differences; 1 is for rounding
    affordable = max(1, _PIXEL_BYTES // (2 * x[0].size))
    if len(pairs) > affordable:
        pairs, is_complete = pairs[:affordable], False
    flat = x.reshape(len(x), -1)
    found = rows[pairs]
    keep = _mean_difference(flat, found) <= np.minimum(_TOLERANCE, _STRICTNESS * _contrast(flat, found[:, 0]))
    return NearCopies(np.sort(found[keep], axis=1), is_complete)


def _candidates(hashes: Words) -> tuple[Rows, bool]:
    window = max(8, _COMPARISONS // max(1, len(hashes)))
    found, is_complete = [np.empty(0, np.int64)], True
    for band in range(_BANDS):
        turn = np.uint64(16 * band)
        turned: Words = (hashes << turn) | (hashes >> (np.uint64(64) - turn)) if band else hashes
        order = np.argsort(turned, kind="stable")
        ordered = turned[order]
        tops = ordered >> np.uint64(48)
        left = _CANDIDATES
        for step in range(1, len(hashes)):
            same = np.flatnonzero(tops[step:] == tops[:-step])
            if not len(same):
                break
            if step > window or left <= 0:
                is_complete = False
                break
            near = same[_count_bits(ordered[same + step] ^ ordered[same]) <= _FAR]
            first, second = np.minimum(order[near], order[near + step]), np.maximum(order[near], order[near + step])
            found.append(first * len(hashes) + second)  # one number a pair, because those are sorted much faster
            left -= len(near)
    pairs = np.unique(np.concatenate(found))
    return np.stack(np.divmod(pairs, len(hashes)), axis=1), is_complete


def _mean_difference(flat: Bytes, pairs: Rows) -> NDArray[np.float64]:
    """Of each pair of rows. Shape: (N, F), (P, 2) -> (P,)."""
    at_once = max(1, _PIXELS_AT_ONCE // max(1, flat.shape[1]))
    parts = [np.empty(0)]
    for start in range(0, len(pairs), at_once):
        first, second = (flat[pairs[start : start + at_once, side]].astype(np.int16) for side in (0, 1))
        parts.append(np.abs(first - second).mean(axis=1))
    return np.concatenate(parts)


def _contrast(flat: Bytes, rows: Rows) -> NDArray[np.float64]:
    """Standard deviation of the pixels; a perfectly flat image counts as having some."""
    at_once = max(1, _PIXELS_AT_ONCE // max(1, flat.shape[1]))
    parts = [flat[rows[start : start + at_once]].std(axis=1) for start in range(0, len(rows), at_once)]
    contrasts: NDArray[np.float64] = np.concatenate([np.empty(0), *parts])
    return np.maximum(contrasts, 1.0)


def _count_bits(words: Words) -> Words:
    """Ones in each word, added up in parallel (numpy has an own function only since version 2)."""
    one, two, four = (np.uint64(mask) for mask in (0x5555555555555555, 0x3333333333333333, 0x0F0F0F0F0F0F0F0F))
    words = words - ((words >> np.uint64(1)) & one)
    words = (words & two) + ((words >> np.uint64(2)) & two)
    words = (words + (words >> np.uint64(4))) & four
    with np.errstate(over="ignore"):
        return (words * np.uint64(0x0101010101010101)) >> np.uint64(56)


@lru_cache(maxsize=16)
def _averaging(there: int, here: int) -> NDArray[np.float32]:
    """The matrix that averages `here` pixels over `there` equal areas. Shape: (there, here)."""
    edges = np.arange(there + 1) * here / there
    pixels = np.arange(here)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    weights: NDArray[np.float64] = np.maximum(overlap, 0) * there / here
    return weights.astype(np.float32)
