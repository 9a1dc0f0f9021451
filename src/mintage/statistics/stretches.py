"""Error bars of a mean over a sequence whose neighbours are alike: whole stretches are drawn, not single values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mintage.statistics.intervals import Interval

__all__ = ["ratio_interval"]

_LEAST, _LONGEST = 20, 512  # stretches that an interval is drawn from, at least; values in one, at most
_DRAWS = 2_000


def ratio_interval(part: NDArray[np.float64], whole: NDArray[np.float64], seed: int) -> Interval | None:
    """Of sum(part) / sum(whole), by the block bootstrap (Kuensch, 1989); None where there are too few values.

    Give ones for `whole` to have the interval of a mean.

    Shape: (N,), (N,).

    >>> interval = ratio_interval(np.arange(1000) % 10 * 1.0, np.ones(1000), seed=0)
    >>> interval.low <= 4.5 <= interval.high
    True
    """
    size = min(_LONGEST, len(part) // _LEAST)
    if size < 2:
        return None
    starts = np.arange(0, len(part), size)
    parts, wholes = np.add.reduceat(part, starts), np.add.reduceat(whole, starts)
    drawn = np.random.default_rng(seed).integers(0, len(starts), (_DRAWS, len(starts)))
    ratios = parts[drawn].sum(1) / np.maximum(wholes[drawn].sum(1), 1e-300)
    low, high = np.quantile(ratios, [0.025, 0.975])
    return Interval(float(low), float(high))
