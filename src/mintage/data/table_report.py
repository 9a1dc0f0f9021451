"""The data report of a table: what each column is, what is missing, and what a person should know before training."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from mintage.data.inspection import unreadable_lines

__all__ = ["ColumnFacts", "TableReport"]

_FEW = 500
_SHOWN = 40
_MISSING = 0.001  # of a column, from which its line says so


@dataclass(frozen=True, kw_only=True)
class ColumnFacts:
    """What was found in one column of the sample that the codec was fitted to."""

    name: str
    kind: str
    missing: float  # share of the records
    distinct: int
    common: tuple[str, ...] = ()  # of words: the commonest

    def line(self) -> str:
        """In a few words."""
        words = f"{self.name}: {self.kind}, {self.distinct:,} different"
        if self.common:
            words += f" ({', '.join(self.common)}{', ...' if self.distinct > len(self.common) else ''})"
        return words + (f", {self.missing:.1%} missing" if self.missing >= _MISSING else "")


@dataclass(frozen=True, kw_only=True)
class TableReport:
    """Facts about a packed table. `lines` tells them in plain sentences, as those of a `DataReport`."""

    count: int  # records
    columns: tuple[ColumnFacts, ...]
    num_copies: int = 0  # records that equal an earlier one, as far as their codes tell
    sampled: int = 0  # records that the facts of columns come from
    num_unreadable: int = 0
    unreadable: tuple[tuple[str, str], ...] = ()  # (line, reason) of the first ones
    remarks: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The report of `as_dict`, also after JSON has turned its tuples into lists."""
        columns = tuple(ColumnFacts(**{**one, "common": tuple(one["common"])}) for one in values["columns"])
        unreadable = tuple((name, reason) for name, reason in values["unreadable"])
        return cls(**{**values, "columns": columns, "unreadable": unreadable, "remarks": tuple(values["remarks"])})

    def lines(self) -> list[str]:
        """What a terminal shows: facts first, then advice."""
        return [*self.facts_lines(), *self.remarks, *self.suggestions()]

    def facts_lines(self) -> list[str]:
        """What was found and done."""
        kinds = ", ".join(f"{count} {kind}" for kind, count in Counter(one.kind for one in self.columns).most_common())
        told = f" (columns judged by {self.sampled:,} of them)" if self.sampled < self.count else ""
        lines = [f"{self.count:,} records of {len(self.columns)} columns{told}: {kinds}."]
        lines += [f"  {one.line()}" for one in self.columns[:_SHOWN]]
        if more := len(self.columns) - _SHOWN:
            lines += [f"  and {more:,} more columns"] * (more > 0)
        lines += unreadable_lines(self.unreadable, self.num_unreadable)
        if self.num_copies:
            lines.append(f"{self.num_copies:,} records are the same as an earlier one.")
        return lines

    def suggestions(self) -> list[str]:
        """Advice that follows from the facts."""
        found = []
        if self.count < _FEW:
            found.append(f"{self.count:,} records are few: what is made will be near to them. {_FEW} are the least.")
        if self.num_copies > 0.05 * self.count:
            found.append("Copies weigh more than once, and land on both sides of the split: remove them unless meant.")
        found += [
            f"{one.name}: more than half is missing, so little of it can be learned."
            for one in self.columns
            if one.missing > 0.5 and one.distinct
        ]
        return found
