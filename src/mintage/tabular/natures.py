"""The nature of a column that is not learned by itself: how its words, numbers or dates are read and written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from numpy.typing import NDArray

from mintage.config import Settings
from mintage.tabular.encoders import numeric
from mintage.tabular.fitting import decimals_of
from mintage.tabular.values import as_dates, as_numbers, as_words, date_formats, has_decimal_commas, is_missing

if TYPE_CHECKING:
    from pandas import Series

__all__ = ["Nature"]

DAY = 86_400.0  # seconds
_STRAY = 0.1  # share of a column of numbers that may be words

Numbers = NDArray[np.float64]


class Nature(Settings):
    """Of one column: how its values are read as numbers or words, and written again."""

    kind: Literal["integer", "number", "date", "category", "boolean"]
    decimals: int | None = None
    formats: tuple[str, ...] = ()
    days: bool = False  # dates without a time of day
    commas: bool = False  # of numbers: a comma stands before the decimals

    @classmethod
    def of(cls, values: Series) -> Self:
        """Told from its values."""
        import pandas as pd

        there = values[~is_missing(values)]
        if pd.api.types.is_bool_dtype(there.dtype):
            return cls(kind="boolean")
        if formats := date_formats(there):
            seconds = as_dates(there, formats)
            return cls(kind="date", formats=formats, days=bool(np.all(seconds[~np.isnan(seconds)] % DAY == 0)))
        commas = has_decimal_commas(there)
        numbers = as_numbers(there, commas=commas)
        stray = np.isnan(numbers)
        if not len(there) or stray.mean() > _STRAY or there.astype(str).str.match(r"0\d").any():  # "007" is a word
            return cls(kind="category")
        decimals = decimals_of(numbers[~stray])
        return cls(kind="integer" if decimals == 0 else "number", decimals=decimals, commas=commas)

    @property
    def is_quantity(self) -> bool:
        """Whether its values can be subtracted."""
        return self.kind in ("integer", "number", "date")

    def numbers(self, values: Series) -> Numbers:
        """Numbers, or seconds since 1970; NaN where there is no value. Shape: (N,)."""
        return as_dates(values, self.formats) if self.kind == "date" else as_numbers(values, commas=self.commas)

    def rounded(self, numbers: Numbers) -> Numbers:
        """Numbers or seconds as they are written. Shape: (N,)."""
        if self.kind == "date":
            step = DAY if self.days else 1.0
            return np.round(numbers / step) * step
        if self.decimals is None:
            return numbers
        return np.round(np.round(numbers * 10.0**self.decimals) / 10.0**self.decimals, self.decimals)

    def next_to(self, numbers: Numbers, low: Numbers) -> Numbers:
        """The next value that is written, of those that rounding left at or below `low`. Shape: (N,), (N,)."""
        if self.kind == "date":
            return numbers + (DAY if self.days else 1.0)
        return np.nextafter(low, np.inf) if self.decimals is None else self.rounded(numbers + 10.0**-self.decimals)

    def written(self, numbers: Numbers, name: str) -> Series:
        """Numbers or seconds as values again, those of a place behind the point rounded to it."""
        import pandas as pd

        gone = np.isnan(numbers)
        known = np.where(gone, 0.0, numbers)
        if self.kind != "date":
            units = known if self.decimals is None else np.round(known * 10.0**self.decimals)
            return numeric(units, gone, self.decimals, name)
        stamps = pd.Series(pd.to_datetime(np.round(known).astype(np.int64), unit="s"), name=name)
        return stamps.astype("datetime64[ns]").mask(gone)

    def from_words(self, words: NDArray[np.object_], name: str) -> Series:
        """Values of words, "" being a missing one."""
        import pandas as pd

        gone = words == ""
        if self.is_quantity:
            return self.written(as_numbers(pd.Series(words, dtype="str")), name)
        if self.kind == "boolean":
            return pd.Series(words == "True", name=name).astype("boolean" if gone.any() else "bool").mask(gone)
        return pd.Series(words, name=name, dtype="str").mask(gone)

    def words(self, values: Series) -> NDArray[np.object_]:
        """Values as words that `from_words` reads: one word a value, however it was written. Shape: (N,)."""
        if not self.is_quantity:
            return as_words(values)
        numbers = self.numbers(values)
        plain = np.array([str(int(one)) if one == np.floor(one) else repr(one) for one in numbers.tolist()], object)
        return np.where(np.isnan(numbers), "", plain)
