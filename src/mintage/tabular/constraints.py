"""What always holds between the columns of a table: declared, checked, learned around, and then kept exactly.

A constraint takes columns away from what is learned, puts others in their place, and makes its own from those again:
no record has to be thrown away for breaking it. Columns that are made anew from others are those of `makes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mintage.config import Settings
from mintage.errors import ConfigError
from mintage.tabular.encoders import RARE
from mintage.tabular.formulas import Formula, parse_formula
from mintage.tabular.natures import DAY, Nature
from mintage.tabular.values import as_numbers, is_missing

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["Constraint", "Equality", "Fixed", "Inequality", "Unique", "row_words"]

_JOINT = "\x1f"  # the unit separator, between the values of a combination
_FEWEST_ALONE = 20  # records in which the higher value stands alone, for that to be learned

Flags = NDArray[np.bool_]
Table = Mapping[str, "Series"]


class Inequality(Settings):
    """One column is never above another: `low` <= `high`, of numbers or of dates.

    Learned are the lower one and the gap, which is never below zero; and where the lower one is missing in some
    records, the higher one of these.
    """

    kind: Literal["inequality"] = "inequality"
    low: str
    high: str
    strict: bool = False
    natures: tuple[Nature, ...] = ()  # fitted: of low and high
    alone: bool = False  # fitted: whether the higher one is learned where the lower one is missing

    @property
    def columns(self) -> tuple[str, ...]:
        """That it speaks of."""
        return (self.low, self.high)

    @property
    def makes(self) -> tuple[str, ...]:
        """Columns that are not learned by themselves."""
        return (self.high,)

    @property
    def gap(self) -> str:
        """What the gap is called among the learned columns."""
        return f"{self.high} - {self.low}"

    @property
    def learns(self) -> tuple[str, ...]:
        """Columns that are learned in their place."""
        return (self.gap, f"{self.high} without {self.low}") if self.alone else (self.gap,)

    @property
    def says(self) -> str:
        """For a person."""
        return f"{self.low} {'<' if self.strict else '<='} {self.high}"

    def fit(self, frame: DataFrame) -> Self:
        """Learn how its values are written."""
        natures = tuple(Nature.of(frame[name]) for name in self.columns)
        if not all(one.is_quantity for one in natures) or len({one.kind == "date" for one in natures}) > 1:
            kinds = ", ".join(f"{name!r} is {one.kind}" for name, one in zip(self.columns, natures, strict=True))
            raise ConfigError(f"{self.says}: {kinds}, and two numbers or two dates are needed.")
        alone = is_missing(frame[self.low]) & ~is_missing(frame[self.high])
        return self.model_copy(update={"natures": natures, "alone": int(alone.sum()) >= _FEWEST_ALONE})

    def holds(self, frame: Table) -> Flags:
        """Of which records it is true; where a value is missing there is nothing to break."""
        low, high = self._numbers(frame)
        broken: Flags = high <= low if self.strict else high < low
        return ~broken

    def learned(self, frame: Table) -> dict[str, Series]:
        """What is learned in place of the higher column."""
        import pandas as pd

        low, high = self._numbers(frame)
        found = {self.gap: pd.Series(np.maximum(high - low, 0) / self._unit, name=self.gap)}
        if self.alone:
            name = self.learns[1]
            found[name] = frame[self.high].rename(name).mask(pd.Series(~np.isnan(low)))
        return found

    def made(self, learned: Table) -> dict[str, Series]:
        """The higher column, of the lower one and the gap."""
        first, second = self.natures
        low = first.numbers(learned[self.low])
        gap = as_numbers(learned[self.gap]) * self._unit
        high = second.rounded(low + gap)
        short = high <= low if self.strict else high < low  # by the rounding of what is written more coarsely
        high = np.where(short, second.next_to(high, low), high)
        if self.alone:
            high = np.where(np.isnan(low), second.numbers(learned[self.learns[1]]), high)
        return {self.high: second.written(high, self.high)}

    def _numbers(self, frame: Table) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        first, second = self.natures
        return first.numbers(frame[self.low]), second.numbers(frame[self.high])

    @property
    def _unit(self) -> float:
        return DAY if all(one.days for one in self.natures) else 1.0


class Fixed(Settings):
    """Only combinations that stand in the data are made: they are the levels of one column."""

    kind: Literal["fixed"] = "fixed"
    columns: tuple[str, ...] = Field(min_length=2)
    natures: tuple[Nature, ...] = ()  # fitted

    @property
    def makes(self) -> tuple[str, ...]:
        """Columns that are not learned by themselves."""
        return self.columns

    @property
    def learns(self) -> tuple[str, ...]:
        """The one column that is learned in their place."""
        return (" + ".join(self.columns),)

    @property
    def says(self) -> str:
        """For a person."""
        return f"combinations of {', '.join(self.columns)} are those of the data"

    def fit(self, frame: DataFrame) -> Self:
        """Learn how its values are written."""
        return self.model_copy(update={"natures": tuple(Nature.of(frame[name]) for name in self.columns)})

    def holds(self, frame: Table) -> Flags:
        """Of which records it is true: of all that are learned."""
        return np.ones(len(frame[self.columns[0]]), bool)

    def learned(self, frame: Table) -> dict[str, Series]:
        """Combinations as words."""
        import pandas as pd

        words = [one.words(frame[name]) for name, one in zip(self.columns, self.natures, strict=True)]
        joint = [_JOINT.join(row) for row in zip(*(column.tolist() for column in words), strict=True)]
        return {self.learns[0]: pd.Series(joint, name=self.learns[0], dtype="str")}

    def made(self, learned: Table) -> dict[str, Series]:
        """The columns of combinations; of a rare one, which is never made, as their encoders would show it."""
        import pandas as pd

        places, joint = pd.factorize(learned[self.learns[0]])
        parts = [word.split(_JOINT) if _JOINT in word else [RARE] * len(self.columns) for word in joint.tolist()]
        found = {}
        for number, (name, nature) in enumerate(zip(self.columns, self.natures, strict=True)):
            words = np.array([row[number] for row in parts] + [""], object)
            if nature.kind != "category":
                words[words == RARE] = ""
            found[name] = nature.from_words(words[places], name)
        return found


class Unique(Settings):
    """No two records have the same values in these columns; those with a missing one may be as many as they like."""

    kind: Literal["unique"] = "unique"
    columns: tuple[str, ...] = Field(min_length=1)

    makes: ClassVar[tuple[str, ...]] = ()
    learns: ClassVar[tuple[str, ...]] = ()

    @property
    def says(self) -> str:
        """For a person."""
        return f"{', '.join(self.columns)} {'differ' if len(self.columns) > 1 else 'differs'} in every record"

    def fit(self, frame: DataFrame) -> Self:
        """Nothing to learn."""
        return self

    def holds(self, frame: Table) -> Flags:
        """Of which records it is true: of all but the later ones of those that are alike."""
        import pandas as pd

        words, whole = row_words(frame, self.columns)
        again: Flags = pd.Series(words).where(whole).duplicated().to_numpy(bool)
        return ~(again & whole)

    def learned(self, frame: Table) -> dict[str, Series]:
        """Nothing else than its columns."""
        return {}

    def made(self, learned: Table) -> dict[str, Series]:
        """Nothing: what is made twice is drawn again."""
        return {}


class Equality(Settings):
    """A column is what a formula makes of others: not learned but computed, total = price * quantity."""

    kind: Literal["formula"] = "formula"
    column: str
    equals: str
    names: tuple[str, ...] = ()  # fitted: columns that the formula reads
    natures: tuple[Nature, ...] = ()  # fitted: of these, and last of its own
    learns: ClassVar[tuple[str, ...]] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """That it speaks of."""
        return (*self.names, self.column)

    @property
    def makes(self) -> tuple[str, ...]:
        """The column that is not learned."""
        return (self.column,)

    @property
    def says(self) -> str:
        """For a person."""
        return f"{self.column} = {self.equals}"

    @property
    def _formula(self) -> Formula:
        return parse_formula(self.equals, self.names)

    def fit(self, frame: DataFrame) -> Self:
        """Read the formula, and learn how values are written."""
        names = parse_formula(self.equals, [str(name) for name in frame.columns]).columns
        if self.column in names:
            raise ConfigError(f"{self.says}: a column cannot be computed from itself.")
        natures = tuple(Nature.of(frame[name]) for name in (*names, self.column))
        for name, nature in zip((*names, self.column), natures, strict=True):
            if nature.kind not in ("integer", "number"):
                raise ConfigError(f"{self.says}: {name!r} is {nature.kind}, and numbers are needed.")
        return self.model_copy(update={"names": names, "natures": natures})

    def holds(self, frame: Table) -> Flags:
        """Of which records it is true, to half of the last place that is written."""
        given = self.natures[-1].numbers(frame[self.column])
        decimals = self.natures[-1].decimals
        near = np.full(len(given), 0.0 if decimals is None else 0.5 * 10.0**-decimals) + 1e-6 * np.abs(given)
        broken: Flags = np.abs(self._computed(frame) - given) > near
        return ~broken

    def learned(self, frame: Table) -> dict[str, Series]:
        """Nothing: it follows."""
        return {}

    def made(self, learned: Table) -> dict[str, Series]:
        """The column, computed."""
        return {self.column: self.natures[-1].written(self._computed(learned), self.column)}

    def _computed(self, frame: Table) -> NDArray[np.float64]:
        values = {name: one.numbers(frame[name]) for name, one in zip(self.names, self.natures, strict=False)}
        return self._formula(values)


Constraint = Annotated[Inequality | Fixed | Unique | Equality, Field(discriminator="kind")]


def row_words(frame: Table, columns: tuple[str, ...]) -> tuple[NDArray[np.uint64], Flags]:
    """A 64-bit hash of some values of each record, and whether none of them is missing. Shape: (N,), (N,)."""
    import pandas as pd

    part = pd.DataFrame({name: frame[name].astype(str).to_numpy(object) for name in columns})
    whole = ~np.logical_or.reduce([is_missing(frame[name]) for name in columns])
    return pd.util.hash_pandas_object(part, index=False).to_numpy(np.uint64), whole
