"""Stamps as they stand in files, in several formats, become times without a zone."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mintage.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Stamps", "are_stamps", "read_stamps"]

Stamps = NDArray[np.datetime64]  # in seconds, UTC where a zone was told

_SHOWN = 3
_SEEN = 200  # stamps by which a column is known
_EPOCHS = ((1e8, 1e10, "s"), (1e11, 1e13, "ms"), (1e14, 1e16, "us"), (1e17, 1e19, "ns"))  # since 1970; 1973 to 2286


def read_stamps(column: pd.Series[Any]) -> tuple[Stamps, tuple[str, ...]]:
    """The times of a column, NaT where there is none, and what was decided on the way.

    Dates and times in one format or in several; seconds, milliseconds, ... since 1970; 20240131; years. Where 03/04 may
    be either, the month comes first, unless another stamp of the column only makes sense the other way round.

    Raises:
        DataError: some of it is no time.
    """
    import pandas as pd

    remarks: list[str] = []
    if pd.api.types.is_numeric_dtype(column):
        return _seconds(_of_numbers(column)), ()
    if isinstance(column.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(column):
        found = pd.to_datetime(column, utc=True)
        zoned = isinstance(column.dtype, pd.DatetimeTZDtype)
    else:
        words = column.astype("string").str.strip().replace("", pd.NA)
        zoned = bool(words.str.contains(r"\d[T ]\d.*(?:Z|[+-]\d\d:?\d\d)$").fillna(False).any())
        found, remarks = _of_words(words)
    if zoned:
        remarks.append("Time zones are dropped: all stamps are told in UTC.")
    return _seconds(found.dt.tz_localize(None)), tuple(remarks)


def are_stamps(column: pd.Series[Any]) -> bool:
    """Whether the first of a column are all times; bare numbers are not taken for any."""
    import pandas as pd

    head = column.dropna().head(_SEEN)
    if not len(head) or pd.api.types.is_numeric_dtype(head) or pd.api.types.is_bool_dtype(head):
        return False
    if not pd.api.types.is_datetime64_any_dtype(head):
        words = head.astype("string").str.strip()
        if not words.str.contains(r"^\d{1,4}[-/.]\d{1,2}|^\d{8}|\b\d{4}\b").all():
            return False
    try:
        read_stamps(head)
    except DataError:
        return False
    return True


def _of_words(words: pd.Series[Any]) -> tuple[pd.Series[Any], list[str]]:
    import pandas as pd

    present = words.dropna()
    for form in (None, "mixed"):
        for dayfirst in (False, True):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", UserWarning)  # pandas warns of what it then refuses
                    found = pd.to_datetime(present, utc=True, dayfirst=dayfirst, format=form)
            except (ValueError, OverflowError):
                continue
            remarks = ["Stamps are read with the day before the month."] if dayfirst else []
            if form == "mixed":
                remarks.append("Stamps stand in more than one format.")
            return found.reindex(words.index), remarks
    wrong = present[pd.to_datetime(present, utc=True, errors="coerce", format="mixed").isna()]
    shown = ", ".join(repr(str(one)) for one in wrong.head(_SHOWN))
    raise DataError(
        f"The column {words.name!r} is to hold times, but {len(wrong):,} of its {len(present):,} values are none, such "
        f"as {shown}. Mend them, write dates as 2024-01-31, or name another column."
    )


def _of_numbers(column: pd.Series[Any]) -> pd.Series[Any]:
    import pandas as pd

    present = column.dropna()
    size = float(present.abs().median()) if len(present) else 0.0
    for least, most, unit in _EPOCHS:
        if least <= size < most and not (1.9e7 <= size < 2.2e7):
            return pd.to_datetime(column, unit=unit, errors="coerce")
    form = "%Y%m%d" if 1.5e7 <= size < 2.3e7 else "%Y" if 1500 <= size < 2300 else ""
    if not form:
        raise DataError(
            f"The column {column.name!r} is to hold times, but its numbers, around {size:g}, are neither seconds since "
            "1970 nor dates nor years. Name another column."
        )
    return pd.to_datetime(column.astype("Int64").astype("string"), format=form, errors="coerce")


def _seconds(found: pd.Series[Any]) -> Stamps:
    times: Stamps = found.to_numpy().astype("datetime64[s]")
    return times
