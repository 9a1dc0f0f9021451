"""A table's columns as sorted records: where a share of each column points to, whatever its kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mintage.statistics.record_space import RecordSpace

if TYPE_CHECKING:
    from pandas import DataFrame

    from mintage.records import Kind

__all__ = ["RankOrders"]


@dataclass(frozen=True, eq=False)
class RankOrders:
    """Each column's records from its first to its last value.

    Numbers stand in their order and what is missing behind them; categories from the most frequent to the rarest.
    """

    frame: DataFrame
    places: NDArray[np.float64]  # (N, C) in (0, 1): the middle of the share of the records that have this value
    orders: NDArray[np.int64]  # (N, C): records in the order of each column

    @classmethod
    def of(cls, frame: DataFrame, kinds: Mapping[str, Kind]) -> RankOrders:
        """The orders of a table's columns, for a table of one record or more."""
        space = RecordSpace.of([frame], {name: kinds[name] for name in frame})
        values = {**dict(zip(space.numbers, space.values(frame).T, strict=True))}
        values |= dict(zip(space.levels, space.codes(frame).T, strict=True))
        others = {name: np.arange(len(frame)) for name in frame if name not in values}  # identifiers: as they come
        columns = [np.asarray({**others, **values}[name], np.float64) for name in frame]
        return cls(
            frame,
            np.stack([_places(column) for column in columns], 1),
            np.stack([np.argsort(column, kind="stable") for column in columns], 1),
        )

    def at(self, shares: NDArray[np.float64]) -> DataFrame:
        """The values that stand at these shares of each column. Shape: (M, C) in [0, 1)."""
        import pandas as pd

        rows = np.minimum((shares * len(self.frame)).astype(np.int64), len(self.frame) - 1)
        drawn: dict[Any, Any] = {
            name: self.frame[name].take(self.orders[rows[:, place], place]).reset_index(drop=True)
            for place, name in enumerate(self.frame)
        }
        return pd.DataFrame(drawn, columns=self.frame.columns)


def _places(column: NDArray[np.float64]) -> NDArray[np.float64]:
    _, inverse, counts = np.unique(column, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    middles: NDArray[np.float64] = (ends - counts / 2) / len(column)
    return middles[inverse]
