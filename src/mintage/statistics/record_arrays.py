"""Tables as arrays of numbers that several parts of one judgement share, so that arithmetic needs no frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mintage.contracts import Evidence
from mintage.records import Kind
from mintage.seeding import derive

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["Floats", "RecordArrays", "chance", "records_lack", "records_of"]

Floats = NDArray[np.float64]
_NUMERIC = ("integer", "number", "date")


@dataclass(frozen=True, eq=False)
class RecordArrays:
    """Parts of a table, each (N, C): numbers, dates as days since 1970, other values as codes that all parts share.

    What is missing is NaN. Identifiers are left out: they are made at random and say nothing.
    """

    names: tuple[str, ...]  # of the C columns
    kinds: tuple[Kind, ...]
    levels: tuple[tuple[str, ...], ...]  # what the codes of each column stand for; () where it is numeric
    parts: Mapping[str, Floats]

    @classmethod
    def of(cls, frames: Mapping[str, DataFrame], kinds: Mapping[str, Kind]) -> RecordArrays:
        """The columns that all frames have, in the order of `kinds`."""
        names = [
            name
            for name, kind in kinds.items()
            if kind != "identifier" and all(name in frame.columns for frame in frames.values())
        ]
        coded = [_column([frame[name] for frame in frames.values()], kinds[name]) for name in names]
        stacked = np.stack([values for values, _ in coded], 1) if coded else np.zeros((0, 0))
        ends = np.cumsum([len(frame) for frame in frames.values()])[:-1]
        return cls(
            names=tuple(names),
            kinds=tuple(kinds[name] for name in names),
            levels=tuple(levels for _, levels in coded),
            parts=dict(zip(frames, np.split(stacked, ends), strict=True)),
        )

    def is_numeric(self, column: int) -> bool:
        """Whether its values have an order and distances."""
        return self.kinds[column] in _NUMERIC

    def some(self, part: str, most: int, rng: np.random.Generator) -> Floats:
        """So many records of a part, drawn without return; all of them, in their order, where there are no more."""
        values = self.parts[part]
        return values if len(values) <= most else values[rng.choice(len(values), most, replace=False)]


def records_of(evidence: Evidence) -> RecordArrays:
    """The made, the held-out real and the training records of a judgement, put into arrays once for all metrics."""
    records = evidence.records
    assert records is not None

    def make() -> RecordArrays:
        return RecordArrays.of({"made": records.made, "real": records.real, "train": records.train}, records.kinds)

    return evidence.once("record_arrays", make)


def records_lack(evidence: Evidence, fewest: int, columns: int = 1) -> str:
    """Why an audit of records cannot be made, in words; "" if it can."""
    records = evidence.records
    if records is None:
        return "it reads tables"
    if not evidence.train_is_known:
        return "which records were learned from is not known"
    for name, frame in (("made", records.made), ("held-out", records.real), ("training", records.train)):
        if len(frame) < fewest:
            return f"it needs {fewest} {name} records or more, and there are {len(frame)}"
    count = len(records_of(evidence).names)
    return f"it needs {columns} columns or more beside identifiers, and there are {count}" if count < columns else ""


def chance(seed: int, purpose: str) -> np.random.Generator:
    """Random numbers for one purpose of one judgement."""
    return np.random.default_rng(derive(seed, purpose))


def _column(parts: list[Series[Any]], kind: Kind) -> tuple[Floats, tuple[str, ...]]:
    """One column of all parts, end to end, and what its codes stand for."""
    import pandas as pd

    if kind == "date":
        days = pd.concat([pd.to_datetime(part, errors="coerce").astype("datetime64[us]") for part in parts])
        return (days.to_numpy() - np.datetime64(0, "D")) / np.timedelta64(1, "D"), ()
    if kind in _NUMERIC:
        numbers = pd.concat([pd.to_numeric(part, errors="coerce").astype("Float64") for part in parts])
        return numbers.to_numpy(dtype=np.float64, na_value=np.nan) + 0.0, ()  # + 0.0: there is one zero
    codes, levels = pd.factorize(pd.concat([part.astype(object) for part in parts]))
    return np.where(codes < 0, np.nan, codes), tuple(str(level) for level in levels)
