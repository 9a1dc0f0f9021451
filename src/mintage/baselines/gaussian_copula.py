"""A Gaussian copula: the columns' own values, and between any two of them one number that says how they go together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from mintage.baselines.rank_orders import RankOrders

if TYPE_CHECKING:
    from pandas import DataFrame

    from mintage.records import Kind

__all__ = ["GaussianCopula"]


@dataclass(frozen=True, eq=False)
class GaussianCopula:
    """Ranks as normal scores with their correlation (Patki et al., 2016, for tables; Nelsen, 2006, for copulas).

    A category is a stretch of the normal curve as wide as its share, the most frequent first, and stands at the middle
    of it. So is a number that many records share, and a missing one.
    """

    orders: RankOrders
    correlation: NDArray[np.float64]  # (C, C)

    @classmethod
    def fit(cls, frame: DataFrame, kinds: Mapping[str, Kind]) -> GaussianCopula:
        """What these records teach."""
        orders = RankOrders.of(frame, kinds)
        scores = torch.special.ndtri(torch.from_numpy(orders.places)).numpy()
        scores = scores - scores.mean(0)
        spreads = np.sqrt((scores**2).mean(0))
        scores = scores / np.where(spreads > 0, spreads, 1.0)
        correlation = scores.T @ scores / len(scores)
        np.fill_diagonal(correlation, 1.0)  # also of a column that has one value
        return cls(orders, correlation)

    def draw(self, count: int, rng: np.random.Generator) -> DataFrame:
        """So many records."""
        z = rng.multivariate_normal(np.zeros(len(self.correlation)), self.correlation, size=count, method="eigh")
        return self.orders.at(torch.special.ndtr(torch.from_numpy(z)).numpy())
