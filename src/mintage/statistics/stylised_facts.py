"""What returns have in common in every market (Cont, 2001), as figures, and how far the real ones vary by chance."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mintage.statistics.intervals import Interval

__all__ = ["FACTS", "bands", "facts", "stretches_of"]

Values = NDArray[np.float64]
_LAGS = 20  # steps over which the memory of absolute returns is averaged
_SUMMED = 20  # steps of an aggregated return
_TAIL = 0.05  # share of the largest moves that the tail index is fitted to

FACTS: Mapping[str, str] = {
    "kurtosis": "how much more often extremes come than with a normal law, which has 0",
    "tail_index": "how fast the tails thin out; 3 to 5 in most markets",
    "autocorrelation": "whether a return foretells the next; near 0 where it can't be traded upon",
    "volatility_clustering": "whether large moves follow large moves, over 20 steps",
    "leverage": "whether falls are followed by larger moves than rises: below 0",
    "cross_correlation": "how much the variables move together",
    "crash_correlation": "how often two variables are among their own worst twentieth at once, over chance",
    "summed_kurtosis": "the kurtosis of sums of 20 steps: nearer to 0 than that of one",
}


def facts(returns: Values) -> dict[str, float]:
    """Each of `FACTS`, averaged over the variables, from stretches of equal length; some need two variables.

    Shape: (N, T, V), T > 20.
    """
    x = returns - returns.mean((0, 1))
    x = x / np.maximum(np.sqrt((x**2).mean((0, 1))), 1e-12)
    size = np.abs(x)
    large = size - size.mean((0, 1))
    memory = np.mean([_moment(large, large, lag) for lag in range(1, _LAGS + 1)], 0) / (large**2).mean((0, 1))
    after = np.mean([_moment(x, large, lag) for lag in range(1, _LAGS // 2 + 1)], 0)
    whole = x.shape[1] // _SUMMED * _SUMMED
    summed = x[:, :whole].reshape(len(x), -1, _SUMMED, x.shape[2]).sum(2)
    found = {
        "kurtosis": _kurtosis(x),
        "tail_index": _tail_index(size),
        "autocorrelation": float(_moment(x, x, 1).mean()),
        "volatility_clustering": float(memory.mean()),
        "leverage": float((after / large.std((0, 1))).mean()),
        "summed_kurtosis": _kurtosis(summed),
    }
    if x.shape[2] > 1:
        flat = x.reshape(-1, x.shape[2])
        worst = (flat <= np.quantile(flat, _TAIL, 0)).astype(np.float64)
        pairs = ~np.eye(x.shape[2], dtype=bool)
        found["cross_correlation"] = float((flat.T @ flat / len(flat))[pairs].mean())
        found["crash_correlation"] = float((worst.T @ worst / len(flat))[pairs].mean() / _TAIL**2)
    return {name: found[name] for name in FACTS if name in found}


def bands(returns: Values, rng: np.random.Generator, draws: int = 200) -> dict[str, Interval]:
    """95 % bands of what stretches like these give: the bootstrap of whole stretches, which are blocks.

    Shape: (N, T, V).
    """
    drawn = [facts(returns[rng.integers(0, len(returns), len(returns))]) for _ in range(draws)]
    ends = {name: np.quantile([each[name] for each in drawn], (0.025, 0.975)) for name in drawn[0]}
    return {name: Interval(float(low), float(high)) for name, (low, high) in ends.items()}


def stretches_of(returns: Values, length: int) -> Values:
    """A sequence cut end to end into stretches, the rest at its beginning left out. Shape: (T, V) -> (N, length, V)."""
    count = len(returns) // length
    return returns[len(returns) - count * length :].reshape(count, length, returns.shape[1])


def _moment(first: Values, then: Values, lag: int) -> Values:
    """Mean product of the one with the other so many steps later. Shape: (N, T, V) twice -> (V,)."""
    product: Values = (first[:, :-lag] * then[:, lag:]).mean((0, 1))
    return product


def _kurtosis(x: Values) -> float:
    x = x - x.mean((0, 1))
    return float(((x**4).mean((0, 1)) / np.maximum((x**2).mean((0, 1)) ** 2, 1e-24)).mean() - 3)


def _tail_index(size: Values) -> float:
    """The estimator of Hill (1975) from the largest moves of each variable."""
    ordered = np.sort(size.reshape(-1, size.shape[2]), 0)
    count = max(int(_TAIL * len(ordered)), 2)
    excess = np.log(ordered[-count:] / np.maximum(ordered[-count - 1], 1e-12)).mean(0)
    return float((1 / np.maximum(excess, 1e-12)).mean())
