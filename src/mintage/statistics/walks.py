"""What walked-forward forecasts lost and held, whose were better, and how often losses passed the value at risk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mintage.forecasts import Walk
from mintage.statistics.forecasts import (
    Comparison,
    christoffersen,
    crps,
    default_lags,
    diebold_mariano,
    expected_shortfall,
    hac_variance,
    kupiec,
    pinball,
)
from mintage.statistics.intervals import Interval, normal

__all__ = [
    "Contest",
    "TailTest",
    "contest",
    "crps_of",
    "held",
    "losses_beyond",
    "mean_pinball",
    "tail_tests",
    "words_of_coverage",
]

Values = NDArray[np.float64]
_DOUBTFUL = 0.05
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Contest:
    """Mean losses of all, and how ours differ from each of the others'."""

    ours: str
    best: str  # of the others
    losses: Mapping[str, float]
    beside: Mapping[str, Comparison]  # of ours with each of the others

    @property
    def words(self) -> str:
        """Whether ours is better than the best of the others."""
        own, rival, told = self.losses[self.ours], self.losses[self.best], self.beside[self.best]
        beside = f"{self.best}, the best of the others (CRPS {own:.4g} beside {rival:.4g})"
        if told.interval.high < 0:
            share = 1 - own / rival
            return (
                f"{self.ours} foretells better than {beside}: {share:.1%} less lost, and chance alone seldom does that."
            )
        if told.interval.low > 0:
            return f"{self.ours} foretells worse than {beside}."
        return f"{self.ours} has no edge over {beside}: the difference is within what chance does."


class TailTest(NamedTuple):
    """How a value at risk fared. The last three say how often chance alone departs so far."""

    steps: int
    exceeded: int
    foretold: float  # expected shortfall, on average, as shares lost
    lost: float  # what was lost on average where the value at risk was passed; NaN where it never was
    frequency: float  # Kupiec (1995)
    clustering: float  # Christoffersen (1998): exceedances follow each other
    both: float

    def words(self, share: float) -> str:
        """Whether the value at risk of this share can be believed."""
        told = f"The value at risk of {1 - share:.0%} was passed {self.exceeded} times in {self.steps:,} steps"
        told += f" ({share * self.steps:.0f} are to be expected)"
        if self.frequency < _DOUBTFUL:
            return f"{told}: risk is {'under' if self.exceeded > share * self.steps else 'over'}stated."
        if self.clustering < _DOUBTFUL:
            return f"{told}, as often as it should be, but one follows another: it is slow to see that calm is over."
        return f"{told}: as it should be."


def crps_of(walk: Walk) -> dict[str, Values]:
    """What each forecaster lost, in what a step usually moves. Shape: (O, H, V) each."""
    found = {}
    for name, paths in walk.paths.items():
        losses = [crps(each, truth) for each, truth in zip(paths, walk.truths, strict=True)]
        found[name] = np.stack(losses) / walk.units
    return found


def mean_pinball(walk: Walk) -> dict[str, float]:
    """What each forecaster's quantiles of 5 to 95 % lost, in what a step usually moves."""
    return {
        name: float(np.mean([
            pinball(np.quantile(paths, level, axis=1, method="weibull"), walk.truths, level) / walk.units
            for level in _QUANTILES
        ]))
        for name, paths in walk.paths.items()
    }  # fmt: skip


def contest(walk: Walk, losses: Mapping[str, Values]) -> Contest:
    """Who lost less (Diebold and Mariano, 1995); origins of one time count as one. Shape: (O, H, V) each."""
    at = {name: _by_time(walk.stamps, each.mean((1, 2))) for name, each in losses.items()}
    rivals = [name for name in losses if name != walk.ours]
    beside = {name: diebold_mariano(at[walk.ours], at[name], walk.overlap) for name in rivals}
    means = {name: float(each.mean()) for name, each in losses.items()}
    return Contest(walk.ours, min(rivals, key=means.__getitem__), means, beside)


def held(walk: Walk, level: float) -> dict[str, tuple[float, Interval]]:
    """The share of truths inside each forecaster's intervals of this level, and how far it can be trusted."""
    found = {}
    for name, paths in walk.paths.items():
        ends = np.quantile(paths, ((1 - level) / 2, (1 + level) / 2), axis=1, method="weibull")  # fair to any number
        inside = (ends[0] <= walk.truths) & (walk.truths <= ends[1])
        shares = _by_time(walk.stamps, inside.reshape(len(inside), -1).mean(1))
        share, lags = float(shares.mean()), max(walk.overlap - 1, default_lags(len(shares)))
        low, high = normal(share, hac_variance(shares, lags))
        found[name] = (share, Interval(max(low, 0.0), min(high, 1.0)))
    return found


def words_of_coverage(name: str, level: float, share: float, trusted: Interval) -> str:
    """Whether intervals of this level hold as many truths as they say."""
    said = "as they say" if trusted.low <= level <= trusted.high else "too narrow" if share < level else "too wide"
    found = f"{share:.1%} of truths ({trusted.low:.1%} to {trusted.high:.1%})"
    return f"The {level:.0%} intervals of {name} held {found}: {said}."


def losses_beyond(walk: Walk, name: str, share: float) -> tuple[Values, Values]:
    """The equally weighted return of each first step, and the quantile of this share that was foretold of it.

    Shape: (times,) both.
    """
    returns, paths = _baskets(walk, name)
    return returns, np.quantile(paths, share, axis=1, method="weibull")


def tail_tests(walk: Walk, share: float) -> dict[str, TailTest]:
    """How often the equally weighted return of a step fell below its foretold quantile of this share, by forecaster.

    Those that say that nothing changes say nothing of risk, and are left out.
    """
    found = {}
    for name, drawn in walk.paths.items():
        if (drawn == drawn[:, :1]).all():
            continue
        returns, threshold = losses_beyond(walk, name, share)
        hits = returns < threshold
        foretold = float(expected_shortfall(_baskets(walk, name)[1].T, share).mean())
        lost = float(-returns[hits].mean()) if hits.any() else float("nan")
        tests = kupiec(hits, share), *christoffersen(hits, share)
        found[name] = TailTest(len(hits), int(hits.sum()), foretold, lost, *tests)
    return found


def _baskets(walk: Walk, name: str) -> tuple[Values, Values]:
    """Returns of the first step, equally weighted: what came, and each path. Shape: (times,), (times, n)."""
    came = _by_time(walk.stamps, (walk.truths[:, 0] / walk.last - 1).mean(1))
    return came, _by_time(walk.stamps, (walk.paths[name][:, :, 0] / walk.last[:, None] - 1).mean(2))


def _by_time(stamps: Sequence[str], values: Values) -> Values:
    """The mean of what stands at each time, in the order of time. Shape: (O, ...) -> (times, ...)."""
    order = sorted(range(len(stamps)), key=stamps.__getitem__)
    return np.stack([values[list(rows)].mean(0) for _, rows in groupby(order, key=stamps.__getitem__)])
