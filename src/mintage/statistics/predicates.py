"""Descriptions that are to fit one person alone, read off made records and tried on others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mintage.statistics.record_arrays import Floats, RecordArrays

__all__ = ["Predicates", "guesses", "of_one_record", "of_one_value"]

_EQUAL, _AT_MOST, _AT_LEAST = 0, -1, 1
_PATIENCE = 200  # descriptions that are tried for each that is wanted


class Predicates(NamedTuple):
    """P descriptions of K conditions each, all of which must hold: a column is equal to, at most, at least a value."""

    columns: NDArray[np.int64]  # (P, K)
    signs: NDArray[np.int64]  # (P, K)
    values: Floats  # (P, K); NaN: the value is missing

    def single_out(self, records: Floats) -> NDArray[np.bool_]:
        """Which of them fit exactly one of the records. Shape: (N, C) -> (P,)."""
        columns = np.ascontiguousarray(records.T)
        fits = np.empty(len(self.columns), dtype=np.bool_)
        for place, conditions in enumerate(zip(*self, strict=True)):
            held = np.ones(len(records), dtype=np.bool_)
            for column, sign, value in zip(*conditions, strict=True):
                held &= _holds(columns[column], sign, value)
            fits[place] = np.count_nonzero(held) == 1
        return fits

    def rows(self, places: NDArray[np.int64] | NDArray[np.bool_]) -> Predicates:
        """Some of them."""
        return Predicates(self.columns[places], self.signs[places], self.values[places])


def of_one_value(arrays: RecordArrays, most: int, rng: np.random.Generator) -> Predicates:
    """Values that one made record alone has, and what no other made record exceeds or falls short of."""
    made = arrays.parts["made"]
    found: list[tuple[int, int, float]] = []
    for column in range(made.shape[1]):
        values, counts = np.unique(made[:, column], return_counts=True)  # every NaN is one value to it
        found += [(column, _EQUAL, value) for value in values[counts == 1]]
        known = values[~np.isnan(values)]
        if arrays.is_numeric(column) and len(known):
            found += [(column, _AT_MOST, known[0]), (column, _AT_LEAST, known[-1])]
    chosen = [found[place] for place in rng.permutation(len(found))]
    columns, signs, values = (np.array(each)[:, None] for each in zip(*chosen, strict=True))
    return _sure(Predicates(columns, signs, values), made, most)


def of_one_record(arrays: RecordArrays, most: int, conditions: int, rng: np.random.Generator) -> Predicates:
    """A few columns of one made record, that no other made record meets: numbers as far out as its own, or farther."""
    made = arrays.parts["made"]
    tried = most * _PATIENCE
    rows = rng.integers(len(made), size=(tried, 1))
    columns = _some_columns(made.shape[1], tried, conditions, rng)
    values = made[rows, columns]
    numeric = np.array([arrays.is_numeric(column) for column in range(made.shape[1])])
    middles = np.array([np.nanmedian(column) if np.isfinite(column).any() else np.nan for column in made.T])
    outward = np.where(values > middles[columns], _AT_LEAST, _AT_MOST)
    signs = np.where(numeric[columns] & ~np.isnan(values), outward, _EQUAL)
    return _sure(Predicates(columns, signs, values), made, most)


def guesses(arrays: RecordArrays, most: int, conditions: int, rng: np.random.Generator) -> Predicates:
    """Descriptions that look at no record: any columns, any direction, any of the values that occur."""
    made = arrays.parts["made"]
    columns = _some_columns(made.shape[1], most, conditions, rng)
    values = made[rng.integers(len(made), size=columns.shape), columns]
    numeric = np.array([arrays.is_numeric(column) for column in range(made.shape[1])])
    either = rng.choice([_AT_MOST, _AT_LEAST], columns.shape)
    return Predicates(columns, np.where(numeric[columns] & ~np.isnan(values), either, _EQUAL), values)


def _sure(candidates: Predicates, made: Floats, most: int) -> Predicates:
    """The first so many that single out a made record; a block at a time, for those behind need not be tried."""
    kept = np.zeros(0, dtype=np.int64)
    for start in range(0, len(candidates.columns), most):
        block = np.arange(start, min(start + most, len(candidates.columns)))
        kept = np.append(kept, block[candidates.rows(block).single_out(made)])
        if len(kept) >= most:
            break
    return candidates.rows(kept[:most])


def _some_columns(of: int, rows: int, conditions: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """In each row, so many different columns. Shape: (rows, min(conditions, of))."""
    return rng.random((rows, of)).argsort(1)[:, :conditions]


def _holds(column: Floats, sign: int, value: float) -> NDArray[np.bool_]:
    if np.isnan(value):
        return np.isnan(column)
    compare = {_EQUAL: np.equal, _AT_MOST: np.less_equal, _AT_LEAST: np.greater_equal}[sign]
    held: NDArray[np.bool_] = compare(column, value)
    return held
