"""Two related tables laid side by side as one: a row for each parent, and below it one for each of its children."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mintage.errors import ConfigError, DataError
from mintage.registry import suggest
from mintage.tabular.values import as_words

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Joined", "Relation"]


@dataclass(frozen=True)
class Joined:
    """The rows of two tables side by side."""

    frame: DataFrame
    parents: NDArray[np.int64]  # (N,): the number of each row's parent
    num_orphans: int  # children that name no parent: they are left out


@dataclass(frozen=True)
class Relation:
    """Which column of the children names their parent, and what the columns of the joint table are called.

    A parent's row has place 0 and no child, so that a model can be asked for a parent alone, and each parent counts
    once, however many children it has. A child's row knows its parent's columns, how many children there are, its own
    place among them, and the child before it. How many there are stands in a column of its own for either: learned in
    one, it was 8 % too many, as parents of many children have more rows.
    """

    child: str  # what the table of children is called
    key: str

    @property
    def count(self) -> str:
        """The column that says in a parent's row how many children it has."""
        return f"number of {self.child}"

    @property
    def total(self) -> str:
        """The column that says the same in the rows of its children."""
        return f"{self.child} in all"

    @property
    def place(self) -> str:
        """The column that says which child it is: 0 for the parent itself, 1 for the first."""
        return f"place in {self.child}"

    def own(self, name: str) -> str:
        """What a child's column is called."""
        return f"{self.child}.{name}"

    def before(self, name: str) -> str:
        """What the same column of the child before is called."""
        return f"{self.child}.{name} before"

    def names(self, columns: Sequence[str]) -> tuple[list[str], list[str]]:
        """The columns of parents, and of children as their table calls them, in all columns of the joint table."""
        start = self.own("")
        children = [name.removeprefix(start) for name in columns if name.startswith(start)]
        befores = {self.before(name) for name in children}
        children = [name for name in children if self.own(name) not in befores]
        beside = {self.count, self.total, self.place, *befores, *map(self.own, children)}
        return [name for name in columns if name not in beside], children

    def join(self, parents: DataFrame, children: DataFrame) -> Joined:
        """Both tables side by side, children below their parents in the order of their file; the parent's key is told
        in its own row alone.

        Raises:
            ConfigError: a table lacks the key.
            DataError: two parents have the same key, or no child names a parent.
        """
        import pandas as pd

        for what, frame in (("parents", parents), (self.child, children)):
            if self.key not in frame.columns:
                raise ConfigError(
                    f"The table of {what} has no column {self.key!r}. {suggest(self.key, list(frame.columns))}"
                )
        keys = pd.Index(as_words(parents[self.key]))
        if not keys.is_unique:
            twice = keys[keys.duplicated()][0]
            raise DataError(f"Two parents have the key {twice!r}: each {self.key!r} may stand once in their table.")
        owner = keys.get_indexer(as_words(children[self.key]))
        order = np.argsort(owner, kind="stable")
        order = order[owner[order] >= 0]
        if not len(order):
            raise DataError(f"No record of {self.child} names a parent by {self.key!r}: are these the right tables?")
        counts = np.bincount(owner[order], minlength=len(parents))
        place = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
        whose = np.concatenate([np.arange(len(parents)), owner[order]])
        sorted_rows = np.argsort(whose, kind="stable")  # each parent, then its children
        lines = parents.iloc[whose].reset_index(drop=True)
        lines.loc[len(parents) :, self.key] = ""
        alone = np.arange(len(lines)) < len(parents)
        lines[self.count] = np.where(alone, counts[whose].astype(str), "")
        lines[self.total] = np.where(alone, "", counts[whose].astype(str))
        lines[self.place] = np.concatenate([np.zeros(len(parents), np.int64), place]).astype(str)
        theirs = children.iloc[order].drop(columns=self.key).reset_index(drop=True)
        previous = theirs.shift(1).where(pd.Series(place > 1), "")
        blank = pd.DataFrame("", index=range(len(parents)), columns=theirs.columns)
        beside = [pd.concat([blank, part], ignore_index=True) for part in (previous, theirs)]
        for part, named in zip(beside, (self.before, self.own), strict=True):
            part.columns = [named(str(name)) for name in part.columns]
        frame = pd.concat([lines, *beside], axis=1).iloc[sorted_rows].reset_index(drop=True)
        return Joined(frame, whose[sorted_rows], int((owner < 0).sum()))
