"""How alike columns and pairs of columns of two tables are, by the definitions that SDMetrics made common."""

from __future__ import annotations

import math

import numpy as np

from mintage.statistics.record_space import Codes, Floats

__all__ = [
    "association",
    "correlation",
    "correlation_similarity",
    "equal_widths",
    "joint",
    "share_similarity",
    "step_similarity",
]

_CUTS = 10  # of equal width, where numbers meet categories
_DECIMALS = 14  # that are compared
_DENSE = 1 << 20  # cells of a table of counts; where there are more, only those that hold something are counted


def step_similarity(a: Floats, b: Floats) -> float:
    """1 - the Kolmogorov-Smirnov statistic of two columns of numbers; what is missing is left out. NaN: nothing left.

    >>> step_similarity(np.array([1.0, 2.0, 3.0, np.nan]), np.array([2.0, 3.0, 4.0]))
    0.6666666666666667
    """
    a, b = (np.round(side[~np.isnan(side)], _DECIMALS) for side in (a, b))
    if not len(a) or not len(b):
        return math.nan
    _, codes = np.unique(np.concatenate([a, b]), return_inverse=True)
    steps = np.cumsum(_shares(codes[: len(a)], codes.max() + 1) - _shares(codes[len(a) :], codes.max() + 1))
    return 1 - float(np.abs(steps).max())


def share_similarity(a: Codes, b: Codes) -> float:
    """1 - the total variation distance of two columns of codes. NaN: one is empty.

    >>> share_similarity(np.array([1, 1, 2, 3]), np.array([1, 2, 2, 2]))
    0.5
    """
    if not len(a) or not len(b):
        return math.nan
    size = int(max(a.max(), b.max())) + 1
    return 1 - float(np.abs(_shares(a, size) - _shares(b, size)).sum()) / 2


def correlation(x: Floats, y: Floats) -> float:
    """Pearson's, of the rows that have both numbers. NaN: one of them is constant.

    >>> correlation(np.array([1.0, 2.0, 3.0, 9.0]), np.array([2.0, 4.0, 6.0, np.nan]))
    1.0
    """
    both = ~(np.isnan(x) | np.isnan(y))
    if both.sum() < 2:
        return math.nan
    x, y = (side[both] - side[both].mean() for side in (x, y))
    scale = math.sqrt(float(x @ x) * float(y @ y))
    return min(1.0, max(-1.0, float(x @ y) / scale)) if scale > 0 else math.nan


def correlation_similarity(a: float, b: float) -> float:
    """1 where two correlations are the same, 0 where one is 1 and the other -1."""
    return 1 - abs(a - b) / 2


def association(first: Codes, second: Codes) -> float:
    """Cramér's V of two columns of codes, without correction. NaN: one of them is constant.

    >>> association(np.array([0, 0, 1, 1]), np.array([5, 5, 2, 2]))
    1.0
    """
    first, second = (np.unique(side, return_inverse=True)[1] for side in (first, second))
    rows, columns = (int(side.max(initial=0)) + 1 for side in (first, second))
    if min(rows, columns) < 2:
        return math.nan
    cells, counts = np.unique(first * columns + second, return_counts=True)
    row, column = np.bincount(first)[cells // columns], np.bincount(second)[cells % columns]
    square = float((counts**2 / (row * column)).sum()) - 1  # chi-square by the number of records
    return math.sqrt(max(square, 0.0) / (min(rows, columns) - 1))


def equal_widths(values: Floats) -> Codes:
    """Numbers cut into ten of equal width between their own least and greatest, as SDMetrics' report cuts them.

    Each table is cut by its own ends; the greatest number has a cut of its own, which missing ones share.

    >>> equal_widths(np.array([0.0, 0.95, 1.0, 10.0, np.nan]))
    array([ 1,  1,  2, 11, 11])
    """
    there = values[~np.isnan(values)]
    edges = np.histogram_bin_edges(there, _CUTS) if len(there) else np.zeros(_CUTS + 1)
    return np.digitize(values, edges).astype(np.int64)


def joint(a: tuple[Codes, Codes], b: tuple[Codes, Codes]) -> tuple[Codes, Codes]:
    """Pairs of codes of two tables as one code each, the same for both."""
    width = int(max(a[1].max(initial=0), b[1].max(initial=0))) + 1
    x, y = (first * width + second for first, second in (a, b))
    if max(x.max(initial=0), y.max(initial=0)) < _DENSE:
        return x, y
    _, codes = np.unique(np.concatenate([x, y]), return_inverse=True)
    return codes[: len(x)], codes[len(x) :]


def _shares(codes: Codes, size: int) -> Floats:
    return np.bincount(codes, minlength=size) / len(codes)
