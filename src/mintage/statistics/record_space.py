"""Records as arrays: numbers, codes of categories, and points whose distances mean something, alike for all tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mintage.contracts import Evidence

if TYPE_CHECKING:
    from pandas import DataFrame, Index, Series

    from mintage.records import Kind

__all__ = ["MOST_LEVELS", "Codes", "Floats", "RecordSpace", "Standard", "lack_of_records"]

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

_NUMBERS = ("integer", "number", "date")
_CATEGORIES = ("category", "boolean")
MOST_LEVELS = 254  # of a category; in features and points the rarer ones are one
_FARTHEST = 4.0  # scales from the median: what lies farther is no farther away than that
_QUARTILES = 1.349  # standard deviations of a normal between its quartiles


def lack_of_records(evidence: Evidence, fewest: int, *parts: str) -> str:
    """Why these parts of a table cannot be compared column by column, in words; "" if they can."""
    records = evidence.records
    if records is None:
        return "it reads records"
    if (count := min(len(getattr(records, part)) for part in parts)) < fewest:
        return f"it needs {fewest} records of a kind, and there are {count}"
    return "" if set(records.kinds.values()) - {"identifier"} else "all columns are identifiers"


@dataclass(frozen=True, eq=False)
class RecordSpace:
    """What the columns of some tables can hold. Identifiers are left out: no value of theirs comes twice."""

    numbers: Mapping[str, Kind]
    levels: Mapping[str, Index[object]]  # of each category, from the most frequent of the first table on

    @classmethod
    def of(cls, frames: Sequence[DataFrame], kinds: Mapping[str, Kind]) -> Self:
        """The space of the records of all these tables; the first is the one whose levels are ordered."""
        import pandas as pd

        levels = {}
        for name in (name for name, kind in kinds.items() if kind in _CATEGORIES):
            columns = [frame[name].dropna().astype(object) for frame in frames]
            found = [column.value_counts().index for column in columns]
            levels[name] = pd.Index(pd.unique(np.concatenate([each.to_numpy(object) for each in found])), dtype=object)
        return cls({name: kind for name, kind in kinds.items() if kind in _NUMBERS}, levels)

    @property
    def is_category(self) -> list[bool]:
        """Of each feature."""
        return [False] * len(self.numbers) + [True] * len(self.levels)

    def values(self, frame: DataFrame) -> Floats:
        """Numbers, and dates in seconds; what is missing is NaN. Shape: (N, numbers)."""
        columns = [_as_numbers(frame[name], kind) for name, kind in self.numbers.items()]
        return np.stack(columns, 1) if columns else np.empty((len(frame), 0))

    def codes(self, frame: DataFrame) -> Codes:
        """Categories: 0 where there is no value, 1 the most frequent one. Shape: (N, categories)."""
        columns = [
            levels.get_indexer(frame[name].astype(object).to_numpy()).astype(np.int64) + 1
            for name, levels in self.levels.items()
        ]
        return np.stack(columns, 1) if columns else np.empty((len(frame), 0), np.int64)

    def features(self, frame: DataFrame) -> Floats:
        """Both side by side, for trees. Shape: (N, numbers + categories)."""
        return np.concatenate([self.values(frame), np.minimum(self.codes(frame), MOST_LEVELS).astype(np.float64)], 1)


@dataclass(frozen=True, eq=False)
class Standard:
    """Numbers by their median and the distance of their quartiles, categories one-hot."""

    space: RecordSpace
    middles: Floats
    scales: Floats

    @classmethod
    def of(cls, space: RecordSpace, frame: DataFrame) -> Standard:
        """The scale of these records."""
        values = space.values(frame)
        filled = np.where(np.isnan(values).all(0), 0.0, values)  # a column without any value
        low, middles, high = np.nanquantile(filled, (0.25, 0.5, 0.75), axis=0).reshape(3, -1)
        spreads = np.nanstd(filled, axis=0)
        scales = np.where(high > low, (high - low) / _QUARTILES, spreads)
        return cls(space, middles, np.where(scales > 0, scales, 1.0))

    def points(self, frame: DataFrame) -> Tensor:
        """Points in which two levels lie as far apart as two numbers do on average.

        A missing number stands at the median and is told by a coordinate of its own. Shape: (N, F) float32.
        """
        values = (self.space.values(frame) - self.middles) / self.scales
        parts = [np.nan_to_num(values).clip(-_FARTHEST, _FARTHEST), np.isnan(values)]
        for levels, codes in zip(self.space.levels.values(), self.space.codes(frame).T, strict=True):
            most = min(len(levels), MOST_LEVELS)
            parts.append(np.eye(most + 1, dtype=np.float32)[np.minimum(codes, most)])
        return torch.from_numpy(np.concatenate([part.astype(np.float32) for part in parts], 1))


def _as_numbers(column: Series[object], kind: Kind) -> Floats:
    import pandas as pd

    if kind == "date":
        moments = pd.to_datetime(column, errors="coerce", utc=True)
        seconds = (moments - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
    else:
        seconds = pd.to_numeric(column, errors="coerce")
    values: Floats = seconds.to_numpy(np.float64, na_value=np.nan)
    return values
