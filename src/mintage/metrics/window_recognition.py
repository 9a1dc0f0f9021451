"""Window recognition: how well someone who studied both tells a made stretch of a series from a real one."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field

from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes, Score
from mintage.seeding import derive
from mintage.statistics.boosted_trees import chances
from mintage.statistics.intervals import Interval, jackknife
from mintage.statistics.ranks import area_under_curve

__all__ = ["WindowRecognition"]

Values = NDArray[np.float64]
_FEWEST_STRETCHES, _FEWEST = 10, 40  # of each kind: stretches, and stretches of one variable
_LAGS = (1, 2, 5)


class WindowRecognition(Settings):
    """Area under the curve of boosted trees asked "real or made?" of summaries of stretches: 0.5 cannot be told.

    (Lopez-Paz and Oquab, 2017.) They see one variable of one stretch at a time: its spread, skew, tails, largest moves,
    its memory and that of its size, and how it goes with the mean of the others. Stretches stay whole: no variable of
    one is learned from while another is judged. The interval is the jackknife over groups of stretches. The floor is
    the same judge between stretches that were learned from and held-out ones.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("series",)

    folds: int = Field(5, ge=2)
    """Parts that are judged in turn, by a judge that learned the others."""

    def lacks(self, evidence: Evidence) -> str:
        """Ten stretches of each kind, and forty of single variables."""
        series = evidence.series
        if series is None:
            return "it reads series"
        fewest = min(len(series.real), len(series.made))
        if fewest < _FEWEST_STRETCHES or fewest * len(series.variables) < _FEWEST:
            return (
                f"it needs {_FEWEST_STRETCHES} stretches of a kind, {_FEWEST} of single variables: there are {fewest}"
            )
        return ""

    def measure(self, evidence: Evidence) -> Findings:
        """The score window_recognition."""
        assert evidence.series is not None
        series = evidence.series
        value, interval = self._area(series.made, series.real, evidence.seed)
        floor = None
        if len(series.control) >= _FEWEST_STRETCHES:
            floor, _ = self._area(series.control, series.real, evidence.seed)
        beside = "" if floor is None else f", stretches that were learned from in {floor:.0%}"
        count = min(len(series.made), len(series.real))
        low, high = max(interval.low, 0.0), min(interval.high, 1.0)
        score = Score(
            name="window_recognition", value=value, low=low, high=high, floor=floor, ideal=0.5,
            counts={"made": count, "real": count, "variables": len(series.variables)},
            words=f"Of a made and a real stretch, a judge picks the made one in {value:.0%} of cases "
            f"({low:.0%} to {high:.0%}){beside}; 50% would be indistinguishable.",
        )  # fmt: skip
        return Findings([score])

    def _area(self, made: Values, real: Values, seed: int) -> tuple[float, Interval]:
        count = min(len(made), len(real))
        rng = np.random.default_rng(derive(seed, "window recognition"))
        sides = [_summaries(side[rng.permutation(len(side))[:count]]) for side in (real, made)]  # (count, V, F) each
        fold = np.arange(count) % self.folds
        answers = np.empty((2, *sides[0].shape[:2]))
        for part in range(self.folds):
            learn = np.concatenate([side[fold != part].reshape(-1, side.shape[2]) for side in sides])
            labels = np.repeat([0, 1], len(learn) // 2)
            for place, side in enumerate(sides):
                test = side[fold == part].reshape(-1, side.shape[2])
                told = chances(learn, labels, test, [False] * side.shape[2], classes=2, seed=seed)[:, 1]
                answers[place, fold == part] = told.reshape(-1, side.shape[1])
        whole = _mean_area(answers, fold, self.folds)
        groups = np.arange(count) // self.folds % min(count // self.folds, 10)  # some of every fold in each
        kept = [_mean_area(answers[:, groups != group], fold[groups != group], self.folds) for group in set(groups)]
        return whole, jackknife(whole, kept) if len(kept) > 1 else Interval(0.0, 1.0)


def _mean_area(answers: Values, fold: NDArray[np.int64], folds: int) -> float:
    """Of each fold by itself, since each has its own judge. Shape: (2, N, V), (N,)."""
    areas = []
    for part in range(folds):
        of_real, of_made = (torch.from_numpy(side[fold == part].ravel()) for side in answers)
        if len(of_real) > 1:
            areas.append(area_under_curve(of_made, of_real).value)
    return float(np.mean(areas))


def _summaries(x: Values) -> Values:
    """What is told of each variable of each stretch. Shape: (N, T, V) -> (N, V, F)."""
    spread = np.maximum(x.std(1), 1e-9)
    z = (x - x.mean(1, keepdims=True)) / spread[:, None]
    size = np.abs(z) - np.abs(z).mean(1, keepdims=True)
    together = z.mean(2, keepdims=True)
    told = [x.mean(1), np.log(spread), (z**3).mean(1), (z**4).mean(1), z.min(1), z.max(1), np.abs(z).mean(1)]
    told += [(part[:, lag:] * part[:, :-lag]).mean(1) for part in (z, size) for lag in _LAGS]
    told += [(z * together).mean(1), (size * np.abs(together)).mean(1)]
    return np.stack(told, 2)
