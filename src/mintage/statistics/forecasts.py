"""How good forecasts and decisions are: proper scores, honest intervals, tests of tails, and what is left of a Sharpe
ratio."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mintage.statistics.intervals import Interval, chi_square_tail, normal, student_quantile

__all__ = [
    "Comparison", "Ratio", "christoffersen", "coverage", "crps", "default_lags", "deflated_sharpe", "diebold_mariano",
    "expected_shortfall", "hac_variance", "kupiec", "pinball", "sharpe_ratio", "value_at_risk",
]  # fmt: skip

Values = NDArray[np.float64]
_EULER = 0.5772156649015329


class Comparison(NamedTuple):
    """Two forecasts on the same truths: by how much the first loses less, and how sure that is."""

    difference: float  # mean loss of the first less that of the second: below zero, the first is better
    interval: Interval
    chance: float  # how often equal forecasts differ so much


class Ratio(NamedTuple):
    """A Sharpe ratio of a year, with its 95 % interval."""

    value: float
    low: float
    high: float


def crps(samples: ArrayLike, truth: ArrayLike) -> Values:
    """Continuous ranked probability score of sampled forecasts, fair to any number of samples (Ferro, 2014).

    In the unit of the data; smaller is better; of a single certain value it would be the absolute error.

    Shape: (S, ...), (...) -> (...), S >= 2.

    >>> crps([[0.0], [1.0], [2.0]], [1.0]).round(3).tolist()
    [0.0]
    """
    drawn, true = np.sort(np.asarray(samples, np.float64), 0), np.asarray(truth, np.float64)
    count = len(drawn)
    ranks = (2 * np.arange(count) - count + 1).reshape(-1, *[1] * true.ndim)
    spread = (ranks * drawn).sum(0) / (count * (count - 1))  # half of the mean distance of two samples
    found: Values = np.abs(drawn - true).mean(0) - spread
    return found


def pinball(forecast: ArrayLike, truth: ArrayLike, level: float) -> Values:
    """What a forecast of one quantile loses (Koenker and Bassett, 1978).

    >>> pinball([1.0, 1.0], [2.0, 0.0], 0.9).round(2).tolist()
    [0.9, 0.1]
    """
    missed = np.asarray(truth, np.float64) - np.asarray(forecast, np.float64)
    lost: Values = np.maximum(level * missed, (level - 1) * missed)
    return lost


def hac_variance(x: ArrayLike, lags: int | None = None) -> float:
    """Variance of the mean of a sequence whose neighbours may be alike (Newey and West, 1987). Shape: (N,)."""
    values = np.asarray(x, np.float64)
    count, centred = len(values), values - values.mean()
    lags = default_lags(count) if lags is None else lags
    whole = float(centred @ centred)
    for lag in range(1, min(lags, count - 1) + 1):
        whole += 2 * (1 - lag / (lags + 1)) * float(centred[lag:] @ centred[:-lag])
    return whole / count**2


def default_lags(count: int) -> int:
    """Neighbours that a variance allows for where nothing is known of them (Newey and West, 1994)."""
    return int(4 * (count / 100) ** (2 / 9))


def coverage(low: ArrayLike, high: ArrayLike, truth: ArrayLike, lags: int | None = None) -> tuple[float, Interval]:
    """The share of truths inside their intervals, and how far it can be trusted where neighbours are alike.

    Shape: (N, ...) each, in the order of time; what stands side by side at one time counts as one.
    """
    true = np.asarray(truth, np.float64)
    inside = (np.asarray(low) <= true) & (true <= np.asarray(high))
    shares = inside.reshape(len(inside), -1).mean(1)
    share = float(shares.mean())
    low_end, high_end = normal(share, hac_variance(shares, lags))
    return share, Interval(max(low_end, 0.0), min(high_end, 1.0))


def value_at_risk(returns: ArrayLike, level: float = 0.05) -> Values:
    """The loss that is not exceeded but in a share `level` of cases, as a positive number. Shape: (S, ...) -> (...)."""
    return np.asarray(-np.quantile(np.asarray(returns, np.float64), level, axis=0))


def expected_shortfall(returns: ArrayLike, level: float = 0.05) -> Values:
    """The mean loss in the worst share `level` of cases (Acerbi and Tasche, 2002). Shape: (S, ...) -> (...).

    >>> float(expected_shortfall([-4.0, -2.0, 1.0, 5.0], 0.5))
    3.0
    """
    worst = np.sort(np.asarray(returns, np.float64), 0)
    counts = np.clip(level * len(worst) - np.arange(len(worst)), 0, 1)  # the last of them may count in part
    return np.asarray(-np.tensordot(counts, worst, 1) / (level * len(worst)))


def kupiec(hits: ArrayLike, share: float) -> float:
    """How often chance alone departs so far from a share of exceedances (Kupiec, 1995). Shape: (N,) bool.

    >>> round(kupiec([True] * 10 + [False] * 190, 0.05), 3)
    1.0
    """
    seen = np.asarray(hits, bool)
    n, k = len(seen), int(seen.sum())
    return chi_square_tail(max(2 * (_log_chance(k, n, k / n) - _log_chance(k, n, share)), 0.0), 1)


def christoffersen(hits: ArrayLike, share: float) -> tuple[float, float]:
    """How often chance alone lets exceedances cluster so, and both cluster and depart (Christoffersen, 1998).

    The first asks whether an exceedance makes one at the next step more likely, the second also whether their share is
    right: one and two degrees of freedom. Shape: (N,) bool.
    """
    seen = np.asarray(hits, bool)
    before, after = seen[:-1], seen[1:]
    n, k = len(after), int(after.sum())
    apart = 0.0
    for state in (False, True):
        trials, met = int((before == state).sum()), int((after & (before == state)).sum())
        apart += _log_chance(met, trials, met / trials) if trials else 0.0
    independence = max(2 * (apart - _log_chance(k, n, k / n)), 0.0)
    both = max(2 * (apart - _log_chance(k, n, share)), 0.0)
    return chi_square_tail(independence, 1), chi_square_tail(both, 2)


def diebold_mariano(first: ArrayLike, second: ArrayLike, horizon: int = 1) -> Comparison:
    """Whether the first of two forecasts loses less (Diebold and Mariano, 1995).

    Losses of forecasts that reach `horizon` steps overlap, so the variance is that of Newey and West with as many lags
    at least, widened for short sequences (Harvey et al., 1997). Shape: (N,), (N,) in the order of time.
    """
    apart = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    n, mean = len(apart), float(apart.mean())
    lags = max(horizon - 1, default_lags(n))
    widened = n / max(n + 1 - 2 * horizon + horizon * (horizon - 1) / n, 1.0)
    error = math.sqrt(hac_variance(apart, lags) * widened)
    if error == 0:
        return Comparison(mean, Interval(mean, mean), 1.0 if mean == 0 else 0.0)
    half = student_quantile(0.975, n - 1) * error
    return Comparison(mean, Interval(mean - half, mean + half), chi_square_tail((mean / error) ** 2, 1))


def sharpe_ratio(returns: ArrayLike, periods: float) -> Ratio:
    """Mean over spread of returns beyond cash, of a year of so many periods.

    The interval allows for skewed returns and heavy tails (Opdyke, 2007; for normal ones it is that of Lo, 2002), not
    for dependence. Shape: (N,).
    """
    value, variance = _sharpe(returns)
    low, high = normal(value, variance)
    return Ratio(*(math.sqrt(periods) * each for each in (value, low, high)))


def deflated_sharpe(returns: ArrayLike, trials: ArrayLike) -> float:
    """The probability that a strategy chosen as the best of several has any skill (Bailey and Lopez de Prado, 2014).

    `trials` are the Sharpe ratios, of a period, of all that were tried, the chosen one included: the more there were,
    the higher the best of them stands by luck alone. Shape: (N,), (K,).
    """
    tried = np.asarray(trials, np.float64)
    luck = 0.0
    if len(tried) > 1:
        quantile = NormalDist().inv_cdf
        best = (1 - _EULER) * quantile(1 - 1 / len(tried)) + _EULER * quantile(1 - 1 / (len(tried) * math.e))
        luck = float(tried.std(ddof=1)) * best
    value, variance = _sharpe(returns)
    return NormalDist().cdf((value - luck) / math.sqrt(variance))


def _sharpe(returns: ArrayLike) -> tuple[float, float]:
    """Of a period, and the variance of its estimate."""
    x = np.asarray(returns, np.float64)
    spread = float(x.std())
    if spread == 0:
        return 0.0, 1 / max(len(x) - 1, 1)
    z = (x - x.mean()) / spread
    value, skew, kurtosis = float(x.mean()) / spread, float((z**3).mean()), float((z**4).mean())
    return value, (1 - skew * value + (kurtosis - 1) / 4 * value**2) / (len(x) - 1)


def _log_chance(successes: int, trials: int, share: float) -> float:
    """Log-likelihood of so many successes, with 0 log 0 = 0."""
    return sum(
        count * math.log(chance) for count, chance in ((successes, share), (trials - successes, 1 - share)) if count
    )
