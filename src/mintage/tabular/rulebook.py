"""All constraints of a table together: fitted so that each finds what it needs, checked, and applied both ways."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mintage.errors import ConfigError
from mintage.records import Kind
from mintage.registry import suggest
from mintage.tabular.constraints import Constraint, Fixed, Unique

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["Rulebook"]

_MOST_BROKEN = 0.05
_SHOWN = 2  # records that break a constraint

Rules = tuple[Constraint, ...]


class Rulebook:
    """Fitted constraints, in an order in which what one needs was made by those before it."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    @classmethod
    def fit(cls, frame: DataFrame, declared: Iterable[Constraint]) -> tuple[Rulebook, list[str]]:
        """The constraints fitted to a sample, and what a person should know.

        Raises:
            ConfigError: they name columns that are not there, make one another's, or more than 5 % of the records
                break one.
        """
        book = cls(_ordered([_fitted(rule, frame) for rule in declared]))
        remarks = []
        for rule in book.rules:
            broken = np.flatnonzero(~rule.holds(frame))
            if not len(broken):
                continue
            shown = "; ".join(
                ", ".join(f"{name} = {frame[name].iloc[row]}" for name in rule.columns) for row in broken[:_SHOWN]
            )
            told = f"{rule.says}: {len(broken):,} of {len(frame):,} records break it ({shown})"
            if len(broken) > _MOST_BROKEN * len(frame):
                raise ConfigError(
                    f"{told}, and at most {_MOST_BROKEN:.0%} may. Mend the data, or leave the constraint out."
                )
            kept = "what is made keeps it" if isinstance(rule, Unique) else "they are left out of training"
            remarks.append(f"{told}: {kept}.")
        return book, remarks

    @property
    def unique(self) -> list[tuple[str, ...]]:
        """Columns whose values together differ in every record."""
        return [rule.columns for rule in self.rules if isinstance(rule, Unique)]

    @property
    def made_columns(self) -> list[str]:
        """Columns of the table that are not learned by themselves."""
        return [name for rule in self.rules for name in rule.makes]

    @property
    def kinds(self) -> dict[str, Kind]:
        """What these are."""
        return {
            name: rule.natures[rule.columns.index(name)].kind
            for rule in self.rules
            if not isinstance(rule, Unique)
            for name in rule.makes
        }

    def holds(self, frame: DataFrame) -> NDArray[np.bool_]:
        """Of which records all are true that one record can break. Shape: (N,)."""
        found = np.ones(len(frame), bool)
        for rule in self.rules:
            if not isinstance(rule, Unique):
                found &= rule.holds(frame)
        return found

    def learned(self, frame: DataFrame) -> dict[str, Series]:
        """The columns that are learned, each where the first that it stands for was."""
        found: dict[str, Series] = {}
        of = {name: rule for rule in self.rules for name in rule.makes}
        for name in frame.columns:
            rule = of.get(name)
            if rule is None:
                found[str(name)] = frame[name]
            elif name == rule.makes[0]:
                found |= rule.learned(frame)
        return found

    def made(self, learned: Mapping[str, Series], columns: Sequence[str]) -> dict[str, Series]:
        """These columns of the table, of all that is learned and that they need."""
        found, needed = dict(learned), self.needed(columns)
        for rule in self.rules:
            if needed.intersection(rule.makes):
                found |= rule.made(found)
        return {name: found[name] for name in columns}

    def needed(self, columns: Iterable[str]) -> set[str]:
        """Columns, learned or made, that these are made of, and they themselves."""
        found = set(columns)
        for rule in reversed(self.rules):
            if found.intersection(rule.makes):
                found |= {*rule.columns, *rule.learns}
        return found

    def joined_in(self, learned: str) -> tuple[str, ...]:
        """The columns whose values together are one value of a learned one; of other columns none."""
        return next((rule.columns for rule in self.rules if isinstance(rule, Fixed) and learned in rule.learns), ())

    def says_alone(self, columns: set[str]) -> str | None:
        """The one learned column that says all of these; None if it takes several."""
        needed = self.needed(columns).difference(self.made_columns)
        return next(iter(needed)) if len(needed) == 1 else None


def _fitted(rule: Constraint, frame: DataFrame) -> Constraint:
    named = [str(name) for name in frame.columns]
    for name in (*rule.columns, *rule.makes):
        if name not in named:
            raise ConfigError(f"{rule.says}: there is no column {name!r}. {suggest(name, named)}")
    return rule.fit(frame)


def _ordered(rules: Sequence[Constraint]) -> Rules:
    """Those first whose columns nobody makes; the others after those that make what they need."""
    made = [name for rule in rules for name in rule.makes]
    if twice := [name for name in made if made.count(name) > 1]:
        raise ConfigError(f"Two constraints make the column {twice[0]!r}, and one alone can. Leave one of them out.")
    left, found, ready = list(rules), [], set[str]()
    while left:
        able = [rule for rule in left if {*rule.columns}.difference(rule.makes, ready).isdisjoint(made)]
        if not able:
            raise ConfigError(f"{left[0].says}: its columns are made of one another in a circle. Leave one out.")
        found += able
        ready.update(name for rule in able for name in rule.makes)
        left = [rule for rule in left if rule not in able]
    return tuple(found)
