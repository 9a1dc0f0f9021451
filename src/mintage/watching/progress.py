"""Reads from a log how a score changed while the generator trained, and at which step it was best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Progress", "early_stop", "progress"]

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Progress:
    """One score over the steps of a training."""

    name: str
    points: Sequence[tuple[int, float]]  # (step, value) in the order of the log
    best: tuple[int, float] | None  # the last one that the log calls best, since each of them beat those before
    why: str = ""  # the best one is that, in words

    def at(self, step: int) -> float | None:
        """The newest value that was known at a step."""
        known = [value for measured, value in self.points if measured <= step]
        return known[-1] if known else None


def progress(rows: Sequence[Row]) -> list[Progress]:
    """Every score of a log's events, in the order in which they first appear.

    >>> rows = [{"event": "score", "step": 100 * n, "name": "fd", "value": 9.0 - n, "best": n < 2} for n in range(3)]
    >>> progress(rows)[0].best
    (100, 8.0)
    """
    scored = [row for row in rows if row.get("event") == "score" and _is_number(row.get("value")) and "step" in row]
    found = []
    for name in dict.fromkeys(str(row.get("name", "score")) for row in scored):
        own = [row for row in scored if str(row.get("name", "score")) == name]
        bests = [(int(row["step"]), float(row["value"]), str(row.get("words", ""))) for row in own if row.get("best")]
        points = [(int(row["step"]), float(row["value"])) for row in own]
        found.append(Progress(name, points, bests[-1][:2] if bests else None, bests[-1][2] if bests else ""))
    return found


def early_stop(rows: Sequence[Row]) -> int | None:
    """The step at which the training stopped because its score no longer improved, if it did."""
    steps = [int(row["step"]) for row in rows if row.get("event") == "early_stop" and "step" in row]
    return steps[-1] if steps else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
