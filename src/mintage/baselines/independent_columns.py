"""Independent columns: every value is a real one, and no record is: what knows each column and nothing between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mintage.baselines.rank_orders import RankOrders

if TYPE_CHECKING:
    from pandas import DataFrame

    from mintage.records import Kind

__all__ = ["IndependentColumns"]


@dataclass(frozen=True, eq=False)
class IndependentColumns:
    """Draws each column by itself from its own values."""

    orders: RankOrders

    @classmethod
    def fit(cls, frame: DataFrame, kinds: Mapping[str, Kind]) -> IndependentColumns:
        """What these records teach."""
        return cls(RankOrders.of(frame, kinds))

    def draw(self, count: int, rng: np.random.Generator) -> DataFrame:
        """So many records."""
        return self.orders.at(rng.random((count, self.orders.places.shape[1])))
