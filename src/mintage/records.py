"""What records are: columns as a model sees them, and tables as a person and a judge do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["FREE", "Column", "Kind", "Records"]

Kind = Literal["integer", "number", "category", "boolean", "date", "identifier"]
FREE = 1 << 16  # different numbers in a free position of a record


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table as integer codes: one position of a record, or several that say it ever more finely.

    The codes of its `levels` are learned; the `free` positions behind them are numbers below `FREE` that carry no
    information (where between its cell's edges a number lies, the letters of an identifier) and are drawn at random.
    """

    name: str
    kind: Kind
    levels: tuple[int, ...]  # codes of each learned position; none where all is drawn at random
    free: int = 0
    values: tuple[float, ...] = ()  # what the codes of its first position are worth, where they have an order
    weights: tuple[float, ...] = ()  # share of the records that has each code of its first position
    missing: int | None = None  # the code of its first position that says: there is no value
    never: tuple[int, ...] = ()  # codes of its first position that stand in the data and must not be made: rare levels


@dataclass(frozen=True, kw_only=True, eq=False)
class Records:
    """The same evidence as tables, with a person's own columns and values; missing values are NaN, None or NaT."""

    made: DataFrame  # row by row as in Evidence.fake
    real: DataFrame  # as in Evidence.real: held out
    control: DataFrame  # as in Evidence.control: of those that were learned from
    train: DataFrame  # as in Evidence.train
    kinds: Mapping[str, Kind]  # of each column
    target: str = ""  # the column that others are asked to foretell; "" = there is none
