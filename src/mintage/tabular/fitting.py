"""Chooses what each column of a table is, from a sample of its values, and fits the encoder for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mintage.config import Settings
from mintage.records import Kind
from mintage.tabular.encoders import Cells, Constant, Encoder, Identifier, Levels
from mintage.tabular.patterns import pattern_of, with_letters_kept
from mintage.tabular.values import as_dates, as_numbers, as_words, date_formats, has_decimal_commas, is_missing

if TYPE_CHECKING:
    from pandas import Series

__all__ = ["Fineness", "decimals_of", "fit_column", "fit_key"]

_STRAY = 0.1  # share of a column of numbers that may be words, which then count as missing
_KEY = re.compile(r"(?:^|_|-|\s)(id|key|uuid|guid|index|no|nr|number|编号)$", re.IGNORECASE)
_FEWEST_KEYS = 20  # rows below which nothing is taken for a key
_UNIQUE = 0.95  # share of different values from which words name their rows
_PATTERNS = 64
_DECIMALS = 6
_PER_CELL = 5  # values in the mean that a finer cell needs, so that it says more than one record
_PRECIOUS = 0.01  # of digits that a number would not keep, from which a column is one of words
_TRUTHS = frozenset({"True", "False"})

Numbers = NDArray[np.float64]


class Fineness(Settings):
    """How finely columns are cut."""

    cells: int = 64
    finer: int = 32
    exact: int = 150  # so many different values, and each is a cell of its own
    rare: int = 2  # levels that stand in fewer records are not made


def fit_column(values: Series, asked: Kind | None, how: Fineness) -> tuple[Any, list[str]]:
    """The encoder of a column, and what a person should know about it.

    `asked` overrides what the values look like.
    """
    name = str(values.name)
    gone = is_missing(values)
    there = values[~gone]
    num_missing = int(gone.sum())
    if not len(there):
        return Constant(name=name), [f"{name}: every value is missing, so it stays empty."]
    if asked is None:
        asked = _kind_of(name, there)
    if asked in ("integer", "number"):
        return _numbers(name, there, num_missing, asked, how)
    if asked == "date":
        return _dates(name, there, num_missing, how)
    if asked == "identifier":
        return _identifier(name, there, num_missing)
    return _levels(name, there, num_missing, asked, how)


def fit_key(values: Series) -> tuple[Identifier, list[str]]:
    """The encoder of a column that is declared to name its record; which names are real, it learns by `beyond`."""
    there = values[~is_missing(values)]
    whole = as_numbers(there)
    if len(there) and np.all(whole == np.round(whole)) and not there.astype(str).str.match(r"[-+]?0\d").any():
        return Identifier(name=str(values.name), start=int(whole.max()) + 1, counts=(len(there),)), []
    return _patterned(str(values.name), there, 0)


def _kind_of(name: str, there: Series) -> Kind:
    """What the values look like."""
    import pandas as pd

    if pd.api.types.is_bool_dtype(there.dtype):
        return "boolean"
    if isinstance(there.dtype, pd.CategoricalDtype):
        return "category"
    if pd.api.types.is_datetime64_any_dtype(there.dtype) or date_formats(there):
        return "date"
    numbers = as_numbers(there, commas=has_decimal_commas(there))
    if np.isnan(numbers).mean() <= _STRAY and _inexact(there).mean() < _PRECIOUS:
        return _kind_of_numbers(name, numbers[~np.isnan(numbers)])
    words = there.astype(str)
    distinct = words.nunique()
    if set(words.unique()) <= _TRUTHS and distinct:
        return "boolean"
    return "identifier" if len(words) >= _FEWEST_KEYS and distinct > _UNIQUE * len(words) else "category"


def _inexact(there: Series) -> NDArray[np.bool_]:
    """Which values are whole numbers whose digits a number would not keep: "007", and those beyond 2 ** 53."""
    import pandas as pd

    if pd.api.types.is_integer_dtype(there.dtype):
        return np.array([abs(value) > 2**53 for value in there.tolist()], bool)
    if pd.api.types.is_numeric_dtype(there.dtype):
        return np.zeros(len(there), bool)
    return np.array(
        [word.isdecimal() and len(word) > 1 and (word[0] == "0" or len(word) > 16 or int(word) > 2**53)
         for word in (word.removeprefix("-") for word in as_words(there).tolist())], bool
    )  # fmt: skip


def _kind_of_numbers(name: str, numbers: Numbers) -> Kind:
    """Numbers count or measure; but those that all differ and run on, or are called so, name their rows."""
    whole = bool(np.all(numbers == np.round(numbers)))
    if whole and len(numbers) >= _FEWEST_KEYS and len(np.unique(numbers)) > _UNIQUE * len(numbers):
        steps = np.diff(numbers)
        runs_on = len(steps) and (steps > 0).all() and np.median(steps) == 1
        if runs_on or _KEY.search(name):
            return "identifier"
    return "integer" if whole else "number"


def _levels(name: str, there: Series, num_missing: int, kind: Kind, how: Fineness) -> tuple[Encoder, list[str]]:
    import pandas as pd

    words = pd.Series(as_words(there))
    counts = words.value_counts()
    kept = counts[counts >= how.rare]
    remarks = []
    if not len(kept):
        kept = counts
        remarks.append(
            f"{name}: every level stands in fewer than {how.rare} records, and all are made, for nothing else would "
            f'be left. Where they are persons\': codec.leave_out, or codec.kinds.{name}="identifier".'
        )
    rare = int(counts.sum() - kept.sum())
    if len(kept) == 1 and not num_missing and not rare:
        return Constant(name=name, kind=kind, value=_native(there.iloc[0])), [f"{name}: always {kept.index[0]!r}."]
    if rare:
        remarks.append(
            f"{name}: {len(counts) - len(kept):,} of {len(counts):,} levels stand in fewer than {how.rare} records "
            f"({rare / len(words):.1%} of all) and are not made, for they would give those records away."
        )
    dtype = "text"
    if pd.api.types.is_bool_dtype(there.dtype):
        dtype = "bool"
    elif pd.api.types.is_integer_dtype(there.dtype) and there.max() < 2**63:
        dtype = "integer"
    elif pd.api.types.is_float_dtype(there.dtype):
        dtype = "number"
    return Levels(
        name=name, kind="boolean" if kind == "boolean" else "category", levels=tuple(kept.index),
        counts=tuple(int(count) for count in kept), num_rare=rare, num_missing=num_missing, dtype=dtype,
    ), remarks  # fmt: skip


def _numbers(name: str, there: Series, num_missing: int, asked: Kind, how: Fineness) -> tuple[Any, list[str]]:
    commas = has_decimal_commas(there)
    numbers = as_numbers(there, commas=commas)
    stray = np.isnan(numbers)
    remarks = _stray_remark(name, there, stray, "number")
    numbers = numbers[~stray]
    if not len(numbers):
        return _levels(name, there, num_missing, "category", how)
    if lost := int(_inexact(there).sum()):
        remarks.append(
            f"{name}: {lost:,} values begin with 0 or are beyond 2**53, and as numbers they do not keep all their "
            f'digits. Where digits count: codec.kinds.{name}="category".'
        )
    small = float(np.abs(numbers).max()) < 2**53
    decimals = 0 if asked == "integer" and small else decimals_of(numbers)
    units = numbers if decimals is None else np.round(numbers * 10.0**decimals)
    if len(np.unique(units)) == 1 and not num_missing and not stray.any():
        value = int(numbers[0]) if decimals == 0 else float(numbers[0])
        return Constant(name=name, kind=asked, value=value), [f"{name}: always {value}."]
    kind = "integer" if decimals == 0 else "number"
    cut = _cut(units, decimals is not None, how)
    return Cells(
        name=name, kind=kind, decimals=decimals, commas=commas, num_missing=num_missing + int(stray.sum()), **cut
    ), remarks


def _dates(name: str, there: Series, num_missing: int, how: Fineness) -> tuple[Any, list[str]]:
    formats = date_formats(there)
    seconds = as_dates(there, formats)
    stray = np.isnan(seconds)
    remarks = _stray_remark(name, there, stray, "date")
    seconds = seconds[~stray]
    if not len(seconds):
        return _levels(name, there, num_missing, "category", how)
    if len(formats) > 1:
        remarks.append(
            f"{name}: dates are written in {len(formats)} ways ({', '.join(formats)}); made ones in ISO 8601."
        )
    if any("%d/%m" in format or "%m/%d" in format for format in formats) and (np.array(_days(there)) <= 12).all():
        remarks.append(f"{name}: month and day cannot be told apart; read as {formats[0]}.")
    days = bool(np.all(seconds % 86_400 == 0))
    units = np.floor(seconds / 86_400) if days else np.round(seconds)
    cut = _cut(units, True, how)
    made = Cells(name=name, kind="date", days=days, formats=formats, num_missing=num_missing + int(stray.sum()), **cut)
    return made, remarks


def _identifier(name: str, there: Series, num_missing: int) -> tuple[Identifier, list[str]]:
    numbers = as_numbers(there)
    remark = f"{name}: names its record ({there.nunique():,} different values), so it is made anew and never copied."
    if not np.isnan(numbers).any() and np.all(np.diff(numbers) > 0) and np.median(np.diff(numbers)) == 1:
        return Identifier(name=name, start=int(numbers[0]), counts=(len(there),)), [remark]
    encoder, remarks = _patterned(name, there, num_missing)
    return encoder, [remark, *remarks]


def _patterned(name: str, there: Series, num_missing: int) -> tuple[Identifier, list[str]]:
    shapes: dict[str, list[str]] = {}
    for word in as_words(there).tolist():
        shapes.setdefault(pattern_of(word), []).append(word)
    common = sorted(shapes.items(), key=lambda pair: -len(pair[1]))[:_PATTERNS]
    covered = sum(len(words) for _, words in common) / len(there)
    remarks = []
    if covered < 0.5:
        remarks.append(
            f"{name}: looks like free text, of which only the shape of letters is kept. A writer learns it from "
            f"the same file: data.source=texts data.column={name}."
        )
    return Identifier(
        name=name, counts=tuple(len(words) for _, words in common), num_missing=num_missing,
        patterns=tuple(with_letters_kept(*pair) if len(pair[1]) >= _FEWEST_KEYS else pair[0] for pair in common),
    ), remarks  # fmt: skip


def _cut(units: Numbers, whole: bool, how: Fineness) -> Mapping[str, Any]:
    """The cells of `Cells`: exact values, edges of finer cells, which cell each of those belongs to, and counts."""
    values, counts = np.unique(units, return_counts=True)
    if len(values) <= how.exact and (whole or len(values) <= len(units) / 2):
        return {"exact": tuple(values.tolist()), "exact_counts": tuple(counts.tolist())}
    cells = int(np.clip(len(units) // 20, 2, how.cells))
    heavy = counts > len(units) / cells
    exact, exact_counts = values[heavy], counts[heavy]
    rest = units[np.isin(units, exact, invert=True)] if heavy.any() else units
    cells = max(cells - len(exact), min(cells, 8))
    finer = int(np.clip(len(rest) // (cells * _PER_CELL), 1, how.finer))
    edges = np.quantile(rest, np.linspace(0, 1, cells * finer + 1))
    if whole:
        edges = np.ceil(edges)
        edges[-1] += 1
    else:
        edges[-1] = np.nextafter(edges[-1], np.inf)
    edges = np.unique(edges)
    mass, _ = np.histogram(rest, edges)
    before = (np.cumsum(mass) - mass / 2) / len(rest)
    cell_of = np.minimum((before * cells).astype(np.int64), cells - 1)
    _, cell_of = np.unique(cell_of, return_inverse=True)
    return {
        "exact": tuple(exact.tolist()),
        "exact_counts": tuple(exact_counts.tolist()),
        "edges": tuple(edges.tolist()),
        "cell_of": tuple(cell_of.tolist()),
        "cell_counts": tuple(np.bincount(cell_of, weights=mass).astype(int).tolist()),
    }


def decimals_of(numbers: Numbers) -> int | None:
    """Places behind the point that all numbers have at most; None: real numbers."""
    for places in range(_DECIMALS + 1):
        scaled = numbers * 10.0**places
        if (
            np.all(np.abs(scaled - np.round(scaled)) <= 1e-9 * np.maximum(np.abs(scaled), 1))
            and np.abs(scaled).max() < 2**53
        ):
            return places
    return None


def _stray_remark(name: str, there: Series, stray: NDArray[np.bool_], what: str) -> list[str]:
    if not stray.any():
        return []
    shown = ", ".join(repr(word) for word in dict.fromkeys(as_words(there[stray])[:50].tolist()))[:60]
    return [f"{name}: {int(stray.sum()):,} values are no {what} ({shown}) and count as missing."]


def _days(there: Series) -> list[int]:
    """The numbers that stand first and second in dates written with strokes."""
    found = []
    for word in as_words(there)[:2_000].tolist():
        parts = re.split(r"[/ ]", word)[:2]
        found += [int(part) for part in parts if part.isdigit()]
    return found


def _native(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
