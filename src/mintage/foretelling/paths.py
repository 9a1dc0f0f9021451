"""Simple means to foretell: the last value, a random walk, the last season, blocks of history.

All see a history on the scale on which steps add up (`timeline.changes.additive`), and draw paths on the same scale.
"""

from __future__ import annotations

from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from mintage.errors import DataError

__all__ = ["BlockBootstrap", "Foreteller", "LastValue", "RandomWalk", "SeasonalNaive"]

Values = NDArray[np.float64]


class Foreteller(Protocol):
    """Learns from a history, and draws what may come after its end."""

    def fit(self, history: Values) -> Self: ...  # (T, V)
    def paths(self, n: int, horizon: int, rng: np.random.Generator) -> Values: ...  # (n, horizon, V)


class LastValue:
    """Nothing changes any more: n times the same path."""

    def fit(self, history: Values) -> Self:
        """Keep the last row."""
        self.last = history[-1]
        return self

    def paths(self, n: int, horizon: int, rng: np.random.Generator) -> Values:
        """Shape: (n, horizon, V)."""
        return np.broadcast_to(self.last, (n, horizon, len(self.last)))


class RandomWalk:
    """Steps of history, all variables of one time together, drawn independently of each other.

    Without its drift the mean of the steps is taken out: their mean is mostly noise.
    """

    def __init__(self, *, drifts: bool = True) -> None:
        self.drifts = drifts

    def fit(self, history: Values) -> Self:
        """Keep the steps."""
        self.last, self.steps = history[-1], _steps_of(history)
        if not self.drifts:
            self.steps = self.steps - self.steps.mean(0)
        return self

    def paths(self, n: int, horizon: int, rng: np.random.Generator) -> Values:
        """Shape: (n, horizon, V)."""
        drawn: Values = self.last + self.steps[rng.integers(0, len(self.steps), (n, horizon))].cumsum(1)
        return drawn


class BlockBootstrap:
    """Steps of history in blocks of random length, all variables together (Politis and Romano, 1994)."""

    def __init__(self, block: float = 20.0) -> None:
        self.block = block  # steps, on average

    def fit(self, history: Values) -> Self:
        """Keep the steps, their end joined to their beginning."""
        self.last, self.steps = history[-1], _steps_of(history)
        return self

    def paths(self, n: int, horizon: int, rng: np.random.Generator) -> Values:
        """Shape: (n, horizon, V)."""
        begins = rng.random((n, horizon)) < 1 / self.block
        begins[:, 0] = True
        starts = rng.integers(0, len(self.steps), (n, horizon))
        since = np.maximum.accumulate(np.where(begins, np.arange(horizon), 0), 1)  # where its block began
        places = np.take_along_axis(starts, since, 1) + np.arange(horizon) - since
        drawn: Values = self.last + self.steps[places % len(self.steps)].cumsum(1)
        return drawn


class SeasonalNaive:
    """What was a season ago, with errors that this made in history, added up from season to season."""

    def __init__(self, period: int) -> None:
        self.period = period  # steps

    def fit(self, history: Values) -> Self:
        """Keep the last season and the errors.

        Raises:
            DataError: the history is no longer than a season.
        """
        if len(history) <= self.period:
            raise DataError(
                f"A season has {self.period} steps, but the history {len(history)}. Give more, or a shorter season."
            )
        self.season, self.errors = history[-self.period :], history[self.period :] - history[: -self.period]
        return self

    def paths(self, n: int, horizon: int, rng: np.random.Generator) -> Values:
        """Shape: (n, horizon, V)."""
        drawn = np.empty((n, horizon, self.season.shape[1]))
        length = min(self.period, len(self.errors))  # errors of one season stay together
        before = np.broadcast_to(self.season, (n, *self.season.shape))
        for first in range(0, horizon, self.period):
            starts = rng.integers(0, len(self.errors), n)
            places = (starts[:, None] + np.arange(self.period) % length) % len(self.errors)
            before = before + self.errors[places]
            drawn[:, first : first + self.period] = before[:, : horizon - first]
        return drawn


def _steps_of(history: Values) -> Values:
    if len(history) < 2:
        raise DataError("A history of one row has no step. Give at least two rows, better hundreds.")
    steps: Values = np.diff(history, axis=0)
    return steps
