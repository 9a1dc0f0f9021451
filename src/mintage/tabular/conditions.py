"""Conditions on records as a person writes them: comparisons of columns with values, joined by and, or, not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mintage.errors import ConfigError
from mintage.registry import suggest
from mintage.tabular.values import as_dates, as_numbers, as_words, date_formats, is_missing

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["Condition", "parse_condition"]

Flags = NDArray[np.bool_]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w-]))|(?P<string>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<quoted>`[^`]+`)|(?P<sign>==|!=|<>|<=|>=|=|<|>|\(|\)|,|&&?|\|\|?|!)|(?P<word>[^\s'\"`()=<>!,&|]+))"
)
_JOINTS = {"&": "and", "&&": "and", "|": "or", "||": "or", "!": "not"}
_SIGNS = {"=": "==", "<>": "!="}
_COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")


class Condition(Protocol):
    """What is asked of a record."""

    @property
    def columns(self) -> set[str]: ...
    def holds(self, frame: DataFrame) -> Flags: ...  # (N,): of which records it is true
    @property
    def values(self) -> tuple[str | float | None, ...]: ...  # that columns are compared with
    def parts(self) -> list[Condition]: ...  # conditions that must all be true


@dataclass(frozen=True)
class Comparison:
    """A column beside a value, or several of them."""

    column: str
    sign: str  # one of `_COMPARISONS`, or "in"
    values: tuple[str | float | None, ...]  # None: missing

    @property
    def columns(self) -> set[str]:
        return {self.column}

    def parts(self) -> list[Condition]:
        return [self]

    def holds(self, frame: DataFrame) -> Flags:
        series = frame[self.column].reset_index(drop=True)
        if self.sign in ("in", "=="):
            return _any([self._equals(series, value) for value in self.values])
        if self.sign == "!=":
            return ~self._equals(series, self.values[0])
        left, right = _comparable(series, self.values[0])
        with np.errstate(invalid="ignore"):
            found: Flags = {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[self.sign]
        return found & ~is_missing(series)

    @staticmethod
    def _equals(series: Series, value: str | float | None) -> Flags:
        if value is None:
            return is_missing(series)
        if isinstance(value, str) and series.dtype in ("bool", "boolean"):
            value = value.capitalize()  # true is True
        if isinstance(value, str) and not _is_date(series):
            return np.array(as_words(series) == value, bool)
        left, right = _comparable(series, value)
        return np.array(left == right, bool)


@dataclass(frozen=True)
class Joined:
    """Several conditions, all or one of which must be true; or one that must not."""

    joint: str  # "and", "or", "not"
    inner: tuple[Condition, ...]

    @property
    def columns(self) -> set[str]:
        return set().union(*(one.columns for one in self.inner))

    @property
    def values(self) -> tuple[str | float | None, ...]:
        return tuple(value for one in self.inner for value in one.values)

    def parts(self) -> list[Condition]:
        return [part for one in self.inner for part in one.parts()] if self.joint == "and" else [self]

    def holds(self, frame: DataFrame) -> Flags:
        found = [one.holds(frame) for one in self.inner]
        if self.joint == "not":
            return ~found[0]
        return ~_any([~one for one in found]) if self.joint == "and" else _any(found)


def parse_condition(text: str, columns: Sequence[str]) -> Condition:
    """What a person asks of records: "income='>50K' and age<30", "city in ('Rome', 'Bari')", "not (age = missing)".

    Columns whose names are no single word stand in `backticks`; `missing` stands for no value.

    >>> import pandas as pd
    >>> asked = parse_condition("age < 30 and (sex = 'F' or sex is missing)", ["age", "sex"])
    >>> asked.holds(pd.DataFrame({"age": [20, 20, 40], "sex": ["F", None, "F"]})).tolist()
    [True, True, False]

    Raises:
        ConfigError: it does not read so, or names a column that is not there.
    """
    reader = _Reader(text, columns)
    found = reader.either()
    if reader.place < len(reader.tokens):
        raise reader.puzzled()
    return found


class _Reader:
    """Takes a condition apart: or, below it and, below it not, below it comparisons."""

    def __init__(self, text: str, columns: Sequence[str]) -> None:
        self.text, self.names, self.place = text, list(columns), 0
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                raise ConfigError(f"The condition {text!r} cannot be read from {text[at:].strip()!r} on. {_HOW}")
            kind = str(match.lastgroup)
            word = match[kind]
            if kind == "word" and word.lower() in ("and", "or", "not", "in", "is", "between"):
                kind, word = "sign", word.lower()
            elif kind == "sign":
                word = _JOINTS.get(word, _SIGNS.get(word, word))
            self.tokens.append((kind, word))
            at = match.end()

    def either(self) -> Condition:
        return self._joined("or", self._both)

    def _both(self) -> Condition:
        return self._joined("and", self._one)

    def _joined(self, joint: str, inner: Any) -> Condition:
        found = [inner()]
        while self._takes(joint):
            found.append(inner())
        return found[0] if len(found) == 1 else Joined(joint, tuple(found))

    def _one(self) -> Condition:
        if self._takes("not"):
            return Joined("not", (self._one(),))
        if self._takes("("):
            found = self.either()
            self._needs(")")
            return found
        return self._comparison()

    def _comparison(self) -> Condition:
        column = self._column()
        if self._takes("is"):
            unlike = self._takes("not")
            found: Condition = Comparison(column, "==", (self._value(),))
            return Joined("not", (found,)) if unlike else found
        unlike = self._takes("not")
        if self._takes("in"):
            self._needs("(")
            values = [self._value()]
            while self._takes(","):
                values.append(self._value())
            self._needs(")")
            found = Comparison(column, "in", tuple(values))
            return Joined("not", (found,)) if unlike else found
        if self._takes("between"):
            low = self._value()
            self._needs("and")
            return Joined("and", (Comparison(column, ">=", (low,)), Comparison(column, "<=", (self._value(),))))
        for sign in _COMPARISONS:
            if self._takes(sign):
                return Comparison(column, sign, (self._value(),))
        raise self.puzzled()

    def _column(self) -> str:
        kind, word = self._next()
        name = word.strip("`") if kind == "quoted" else word
        if kind in ("word", "quoted", "string") and name not in self.names and kind == "string":
            name = word[1:-1]
        if name not in self.names:
            raise ConfigError(f"There is no column {name!r} to ask for. {suggest(name, self.names)}")
        return name

    def _value(self) -> str | float | None:
        kind, word = self._next()
        if kind == "number":
            return float(word)
        if kind == "string":
            return re.sub(r"\\(.)", r"\1", word[1:-1])
        if kind == "word":
            return None if word.lower() in ("missing", "null", "none") else word
        raise self.puzzled()

    def _next(self) -> tuple[str, str]:
        if self.place >= len(self.tokens):
            raise self.puzzled()
        self.place += 1
        return self.tokens[self.place - 1]

    def _takes(self, sign: str) -> bool:
        if self.place < len(self.tokens) and self.tokens[self.place] == ("sign", sign):
            self.place += 1
            return True
        return False

    def _needs(self, sign: str) -> None:
        if not self._takes(sign):
            raise self.puzzled()

    def puzzled(self) -> ConfigError:
        """What to say where it stops making sense."""
        rest = " ".join(word for _, word in self.tokens[max(self.place - 1, 0) :]) or "its end"
        return ConfigError(f"The condition {self.text!r} cannot be read at {rest!r}. {_HOW}")


_HOW = "Write it like: income='>50K' and age<30, or city in ('Rome', 'Bari'), or not (age is missing)."


def _any(found: Sequence[Flags]) -> Flags:
    together: Flags = np.logical_or.reduce(found)
    return together


def _is_date(series: Series) -> bool:
    return str(series.dtype).startswith("datetime64")


def _comparable(series: Series, value: str | float | None) -> tuple[NDArray[Any], Any]:
    """A column and a value as numbers, or as words where the value is no number."""
    import pandas as pd

    if _is_date(series) and isinstance(value, str):
        formats = date_formats(pd.Series([value], dtype="str"))
        seconds = as_dates(pd.Series([value], dtype="str"), formats)[0]
        if np.isnan(seconds):
            raise ConfigError(f"{value!r} is no date to compare {series.name!r} with. Write it like 2026-01-31.")
        return as_dates(series, ("datetime",)), seconds
    if isinstance(value, str):
        return as_words(series).astype(str), value
    return as_numbers(series), value
