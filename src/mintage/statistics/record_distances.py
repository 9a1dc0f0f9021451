"""How far records lie from each other: numbers by their ranks, everything else by whether it is the same."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import one_hot

from mintage.statistics.record_arrays import Floats, RecordArrays

__all__ = ["MixedSpace", "times_among"]

_PLACES = 512  # coordinates that all categories share: memory and time stay in bounds
_FEWEST_PLACES = 8


class MixedSpace:
    """Records as points: two that differ in one category, or as far as can be in one number, are 1 apart.

    A number is its rank among the training records, from 0 to 1, so that no long tail and no unit outweighs the rest;
    a missing value is 1 or more away from any other. This is Gower's (1971) idea with squares, so that exact
    neighbours are found by matrix products. Columns of very many levels have some of them share a coordinate.
    """

    def __init__(self, arrays: RecordArrays) -> None:
        self._arrays = arrays
        self._ranks = [_ranks(values) for values in arrays.parts["train"].T]
        self._gaps = np.any([np.isnan(part).any(0) for part in arrays.parts.values()], axis=0)
        categories = sum(not arrays.is_numeric(column) for column in range(len(arrays.names)))
        self._most = max(_FEWEST_PLACES, _PLACES // max(1, categories))

    def __call__(self, values: Floats, columns: Sequence[int] | None = None) -> Tensor:
        """The points, of these columns alone if they are named. Shape: (N, C) -> (N, F) float32."""
        chosen = range(values.shape[1]) if columns is None else columns
        return torch.cat([self._coordinates(values[:, column], column) for column in chosen], 1)

    def _coordinates(self, values: Floats, column: int) -> Tensor:
        missing = np.isnan(values)
        if self._arrays.is_numeric(column):
            places = np.where(missing, 0.5, np.interp(values, *self._ranks[column]))
            stacked = np.stack([places, missing], 1) if self._gaps[column] else places[:, None]
            return torch.from_numpy(stacked).float()
        width = max(1, min(len(self._arrays.levels[column]), self._most))
        codes = np.where(missing, width, values % width).astype(np.int64)
        return one_hot(torch.from_numpy(codes), width + 1).float() * math.sqrt(0.5)


def times_among(rows: Floats, among: Floats) -> NDArray[np.int64]:
    """How often each row stands among others, equal in every value, missing ones too. Shape: (N, C), (M, C) -> (N,).

    >>> times_among(np.array([[1.0, np.nan], [2.0, 3.0]]), np.array([[1.0, np.nan], [1.0, np.nan], [2.0, 4.0]]))
    array([2, 0])
    """
    both = np.nan_to_num(np.concatenate([among, rows]), nan=np.inf)
    _, kinds = np.unique(both, axis=0, return_inverse=True)
    known, asked = np.split(kinds, [len(among)])
    return np.bincount(known, minlength=int(kinds.max(initial=0)) + 1)[asked]


def _ranks(values: Floats) -> tuple[Floats, Floats]:
    """The different values and the share of all that lies below each, ties half."""
    ordered, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    if not len(ordered):
        return np.zeros(1), np.full(1, 0.5)
    return ordered, (np.cumsum(counts) - counts / 2) / counts.sum()
