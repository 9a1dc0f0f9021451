"""The data report of series: which lines there are, how they are looked at, and from when on they are held out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

__all__ = ["SeriesReport"]

_LITTLE = 1_000  # rows


@dataclass(frozen=True, kw_only=True)
class SeriesReport:
    """Facts about time lines, in plain sentences by `lines`, as those of a `DataReport`."""

    count: int  # lines
    entities: int
    rows: int
    variables: tuple[str, ...]
    changes: tuple[str, ...]
    first: str
    last: str
    step: int  # seconds
    is_grid: bool
    heldout_from: str  # the last time that was learned from; "" where nothing is held out
    judged_from: str = ""  # the last time that picks checkpoints: only what comes after may judge
    calendar: tuple[str, ...] = ()  # circles of time that models are told of
    attributes: tuple[str, ...] = ()  # of entities
    remarks: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The report of `as_dict`, also after JSON has turned its tuples into lists."""
        found: dict[str, Any] = {k: tuple(value) if isinstance(value, list) else value for k, value in values.items()}
        return cls(**found)

    def facts_lines(self) -> list[str]:
        """What was found and done."""
        kinds = {"log": "growth", "difference": "differences", "level": "values"}
        seen = {kinds[change]: self.changes.count(change) for change in dict.fromkeys(self.changes)}
        step = f"one every {self.step:,} seconds" if self.is_grid else "each a step, however long it lasts"
        held = f"Held out is what comes after {self.heldout_from}." if self.heldout_from else "Nothing is held out."
        return [
            f"{self.rows:,} rows from {self.first} to {self.last}, {step}; {len(self.variables):,} variables; "
            f"{self.count:,} lines without gaps, of {self.entities:,} entities.",
            f"Looked at by {', '.join(f'{kind} ({count})' for kind, count in seen.items())}. {held}",
            *([f"Known beforehand: {self._known}."] if self.calendar or self.attributes else []),
        ]

    @property
    def _known(self) -> str:
        places = [f"the place in the {circle}" for circle in self.calendar]
        return ", ".join([*places, *(f"{name} of each entity" for name in self.attributes)])

    def lines(self) -> list[str]:
        """What a terminal shows: facts first, then advice."""
        few = [f"{self.rows:,} rows are few: expect wide intervals, and no proof of skill."]
        return [*self.facts_lines(), *self.remarks, *(few if self.rows < _LITTLE else [])]
