"""Formulas over columns as a person writes them: numbers, columns, + - * / and parentheses; nothing is executed."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mintage.errors import ConfigError
from mintage.registry import suggest

__all__ = ["Formula", "parse_formula"]

Numbers = NDArray[np.float64]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?!\w))|`(?P<quoted>[^`]+)`|(?P<sign>[-+*/()])|(?P<word>[^\s`+*/()-]+))"
)
_WORKS: Mapping[str, Callable[[Numbers, Numbers], Numbers]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
}  # fmt: skip
_HOW = "Write it like: price * quantity, or (net + tax) / 2; columns of several words stand in `backticks`."


@dataclass(frozen=True)
class Formula:
    """What a column is worth, in reverse Polish notation: values, then the sign that joins the last two."""

    steps: tuple[tuple[str, str | float], ...]  # ("column", name), ("number", value), ("sign", "+")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads."""
        return tuple(dict.fromkeys(str(what) for kind, what in self.steps if kind == "column"))

    def __call__(self, values: Mapping[str, Numbers]) -> Numbers:
        """Its value for each record: NaN where one is missing or divided by nothing. Shape: (N,) each -> (N,)."""
        size = len(next(iter(values.values())))
        stack: list[Numbers] = []
        with np.errstate(all="ignore"):
            for kind, what in self.steps:
                if kind == "sign":
                    right, left = stack.pop(), stack.pop()
                    stack.append(_WORKS[str(what)](left, right))
                else:
                    stack.append(values[str(what)] if kind == "column" else np.full(size, float(what)))
        (found,) = stack
        return np.where(np.isfinite(found), found, np.nan)


def parse_formula(text: str, columns: Sequence[str]) -> Formula:
    """Read a formula over columns.

    >>> worth = parse_formula("price * (1 + tax) - 2", ["price", "tax"])
    >>> worth({"price": np.array([10.0]), "tax": np.array([0.5])}).tolist()
    [13.0]

    Raises:
        ConfigError: it does not read so, names a column that is not there, or names none.
    """
    reader = _Reader(text, columns)
    reader.sum()
    if reader.place < len(reader.tokens):
        raise reader.puzzled()
    found = Formula(tuple(reader.steps))
    if not found.columns:
        raise ConfigError(f"The formula {text!r} names no column. {_HOW}")
    return found


class _Reader:
    """Takes a formula apart: sums, below them products, below them numbers, columns and parentheses."""

    def __init__(self, text: str, columns: Sequence[str]) -> None:
        self.text, self.names, self.place = text, list(columns), 0
        self.tokens: list[tuple[str, str]] = []
        self.steps: list[tuple[str, str | float]] = []
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                raise ConfigError(f"The formula {text!r} cannot be read from {text[at:].strip()!r} on. {_HOW}")
            kind = str(match.lastgroup)
            self.tokens.append((kind, match[kind]))
            at = match.end()

    def sum(self) -> None:
        self._joined("+-", self._product)

    def _product(self) -> None:
        self._joined("*/", self._value)

    def _joined(self, signs: str, inner: Callable[[], None]) -> None:
        inner()
        while (sign := self._peek()) and sign in signs:
            self.place += 1
            inner()
            self.steps.append(("sign", sign))

    def _value(self) -> None:
        if self.place >= len(self.tokens):
            raise self.puzzled()
        kind, word = self.tokens[self.place]
        self.place += 1
        if kind == "number":
            self.steps.append(("number", float(word)))
        elif word == "-" and kind == "sign":
            self.steps.append(("number", 0.0))
            self._value()
            self.steps.append(("sign", "-"))
        elif word == "(" and kind == "sign":
            self.sum()
            if self._peek() != ")":
                raise self.puzzled()
            self.place += 1
        elif kind == "sign":
            raise self.puzzled()
        elif word not in self.names:
            raise ConfigError(f"The formula {self.text!r} names no column in {word!r}. {suggest(word, self.names)}")
        else:
            self.steps.append(("column", word))

    def _peek(self) -> str:
        kind, word = self.tokens[self.place] if self.place < len(self.tokens) else ("", "")
        return word if kind == "sign" else ""

    def puzzled(self) -> ConfigError:
        """What to say where it stops making sense."""
        rest = " ".join(word for _, word in self.tokens[self.place :]) or "its end"
        return ConfigError(f"The formula {self.text!r} cannot be read at {rest!r}. {_HOW}")
