"""Reads the raw values of a column as numbers, as dates or as words; what is missing, and what cannot be read."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pandas import Series

__all__ = [
    "DATE_FORMATS", "MISSING", "as_dates", "as_numbers", "as_words", "date_formats", "has_decimal_commas", "is_missing",
]  # fmt: skip

MISSING = frozenset({"", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "<NA>", "NaT", "#N/A"})
DATE_FORMATS = (
    "ISO8601", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d-%m-%Y", "%d %b %Y", "%b %d, %Y", "%d %B %Y",
    "%B %d, %Y", "%Y年%m月%d日",
)  # fmt: skip
_CLOCKS = ("", " %H:%M", " %H:%M:%S")
_DATED = re.compile(r"\d{4}-\d|\d[./-]\d{1,2}[./-]\d|\d\s*[年A-Za-z]|[A-Za-z]{3,9}\.? \d")  # at least looks like one
_GROUPED = r"[-+]?[1-9]\d{0,2},\d{3}"
_THOUSANDS = r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?"
_POINTED = r"[-+]?\d{1,3}(?:\.\d{3})+,\d+"  # thousands set apart by points, for the comma begins the decimals
_COMMA = r"[-+]?\d+,\d+"
_LOOKED_AT = 2_000  # different values from which the formats of dates are told
_LARGEST = 1e150  # beyond, squares of numbers overflow

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


def is_missing(values: Series) -> Flags:
    """Which values are not there: nothing, NaN, or a word that says so. Shape: (N,)."""
    gone: Flags = values.isna().to_numpy(bool)
    if _is_text(values):
        gone = gone | values.isin(list(MISSING)).to_numpy(bool)
    return gone


def as_words(values: Series) -> NDArray[np.object_]:
    """Each value as a person would write it, "" where it is missing. Shape: (N,)."""
    gone = is_missing(values)
    words = np.empty(len(values), object)
    words[:] = [str(value) for value in values.tolist()]
    words[gone] = ""
    return words


def has_decimal_commas(values: Series) -> bool:
    """Whether a column of words writes 3,5 for three and a half: some of its commas cannot set thousands apart."""
    if not _is_text(values):
        return False
    words = values[~is_missing(values)].astype(str)
    with_comma = words[words.str.fullmatch(_COMMA) | words.str.fullmatch(_POINTED)]
    return bool(len(with_comma) and not with_comma.str.fullmatch(_GROUPED).all())


def as_numbers(values: Series, *, commas: bool = False) -> Numbers:
    """Each value as a number, NaN where it is none: infinite ones and those beyond 1e150 are none. Shape: (N,).

    Commas set thousands apart, or stand before the decimals where `commas` says so.
    """
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return np.full(len(values), np.nan)
    if (quick := _all_plain(values)) is not None:
        return quick
    found: Numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64, na_value=np.nan, copy=True)
    left = np.isnan(found) & ~is_missing(values)
    if left.any() and _is_text(values):
        plain = values[left].astype(str)
        if commas:
            plain = plain.where(~plain.str.fullmatch(_POINTED), plain.str.replace(".", "", regex=False))
            plain = plain.where(~plain.str.fullmatch(_COMMA), plain.str.replace(",", ".", regex=False))
        else:
            plain = plain.where(~plain.str.fullmatch(_THOUSANDS), plain.str.replace(",", "", regex=False))
        found[left] = pd.to_numeric(plain, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    with np.errstate(invalid="ignore"):
        found[~(np.abs(found) <= _LARGEST)] = np.nan
    return found


def _all_plain(values: Series) -> Numbers | None:
    """The same three times as fast, where pyarrow holds them and all that are there are plain numbers; else None."""
    import pyarrow as pa

    if str(values.dtype) not in ("str", "string"):
        return None
    try:
        found = pa.array(values.mask(is_missing(values)).array).cast(pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, TypeError):
        return None
    numbers: Numbers = found.to_numpy(zero_copy_only=False).copy() if isinstance(found, pa.Array) else found.to_numpy()
    return np.where(np.abs(numbers) <= _LARGEST, numbers, np.nan)


def date_formats(values: Series) -> tuple[str, ...]:
    """The formats in which a column of words writes its dates, the commonest first; none where it holds no dates."""
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return ("datetime",)
    if not _is_text(values):
        return ()
    words = values[~is_missing(values)].drop_duplicates().iloc[:_LOOKED_AT].astype(str)
    if not len(words) or not words.str.contains(_DATED).mean() > 0.9:
        return ()
    formats: list[str] = []
    left = words
    while len(left) > 0.02 * len(words):
        parsed = {format: _parsed(left, format).notna().sum() for format in _all_formats()}
        best = max(parsed, key=lambda format: parsed[format])
        if parsed[best] < 0.02 * len(words):
            break
        formats.append(best)
        left = left[_parsed(left, best).isna()]
    return tuple(formats) if len(left) <= 0.1 * len(words) else ()


def as_dates(values: Series, formats: Sequence[str]) -> Numbers:
    """Each value as seconds since 1970 in UTC, NaN where it is no date of these formats. Shape: (N,)."""
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return _seconds(values)
    found, gone = np.full(len(values), np.nan), is_missing(values)
    words = values.astype(str)
    for format in formats if tuple(formats) != ("datetime",) else _all_formats():
        left = np.isnan(found) & ~gone
        if left.any():
            found[left] = _seconds(_parsed(words[left], format))
    return found


def _seconds(stamps: Series) -> Numbers:
    """Since 1970, in UTC; of years that nanoseconds do not reach, too."""
    if getattr(stamps.dt, "tz", None) is not None:
        stamps = stamps.dt.tz_convert(None)
    found: Numbers = stamps.astype("datetime64[us]").astype("int64").to_numpy(np.float64) / 1e6
    found[stamps.isna().to_numpy()] = np.nan
    return found


def _parsed(words: Series, format: str) -> Series:
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parsed = pd.to_datetime(words, format=format, errors="coerce", utc=format == "ISO8601")
    return parsed.dt.tz_localize(None) if getattr(parsed.dt, "tz", None) is not None else parsed


def _all_formats() -> list[str]:
    return ["ISO8601", *(day + clock for day in DATE_FORMATS[1:] for clock in _CLOCKS)]


def _is_text(values: Series) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_string_dtype(values.dtype) or values.dtype == object) and not isinstance(
        values.dtype, pd.CategoricalDtype
    )
