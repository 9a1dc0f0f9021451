"""A noisy bootstrap: training records again, blurred a little: what looks real and keeps nobody's secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pandas import DataFrame

    from mintage.records import Kind

__all__ = ["NoisyBootstrap"]

_NOISE = 0.1  # of a number's standard deviation
_COMMON = 0.05  # of the records that share a number: it means something, as 0 does
_SWAPPED = 0.1  # of the categories and dates are another record's


@dataclass(frozen=True, eq=False)
class NoisyBootstrap:
    """The smoothed bootstrap (Silverman and Young, 1987): records drawn again, with noise on their numbers.

    A number that the column has again and again stays as it is, as noise would give it away; every tenth category is
    that of another record.
    """

    frame: DataFrame
    kinds: Mapping[str, Kind]

    @classmethod
    def fit(cls, frame: DataFrame, kinds: Mapping[str, Kind]) -> NoisyBootstrap:
        """What these records teach."""
        return cls(frame.reset_index(drop=True), kinds)

    def draw(self, count: int, rng: np.random.Generator) -> DataFrame:
        """So many records."""
        rows = rng.integers(len(self.frame), size=count)
        drawn = self.frame.take(rows).reset_index(drop=True)
        for name in self.frame:
            kind = self.kinds[name]
            if kind in ("number", "integer"):
                values = drawn[name].astype("float64")
                noisy = values + _NOISE * self.frame[name].astype("float64").std() * rng.standard_normal(count)
                noisy = noisy.clip(self.frame[name].min(), self.frame[name].max())
                noisy = noisy.round() if kind == "integer" else noisy
                common = drawn[name].map(self.frame[name].value_counts()).fillna(0) > _COMMON * len(self.frame)
                drawn[name] = noisy.where(~common, values)
            else:
                others = np.where(rng.random(count) < _SWAPPED, rng.integers(len(self.frame), size=count), rows)
                drawn[name] = self.frame[name].take(others).reset_index(drop=True)
        return drawn
