"""A table with a time line becomes lines without gaps, one or more of each entity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mintage.errors import DataError
from mintage.timeline.attributes import About
from mintage.timeline.stamps import Stamps, read_stamps

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Line", "Panel", "lay_out"]

_BRIDGED = 2  # steps without a value over which the last one is carried on; a longer gap ends the line
_OFF = 0.25  # of a step, that a stamp may lie beside the grid
_REGULAR = 0.8  # share of steps that fit the grid, from which on there is one
_PAUSE = 10  # steps of rows without a grid (weekends, holidays) after which a new line begins
_FEWEST = 2
_MOST_MISSING = 0.5  # share of a column's values
_DAY = 86_400


@dataclass(frozen=True, eq=False)
class Line:
    """One entity's values from one stamp to another, with none missing."""

    entity: str
    stamps: Stamps  # (T,)
    values: NDArray[np.float64]  # (T, V)
    about: About = ()  # the entity's attributes

    def __len__(self) -> int:
        return len(self.stamps)

    def rows(self, start: int, stop: int) -> Line:
        """A part of it, by itself: nothing of it can look behind its end."""
        return Line(self.entity, self.stamps[start:stop].copy(), self.values[start:stop].copy(), self.about)


@dataclass(frozen=True, eq=False)
class Panel:
    """All lines of a table, the variables that they share, and the step from one row to the next."""

    variables: tuple[str, ...]
    lines: tuple[Line, ...]
    step: int  # seconds, the median
    is_grid: bool  # False: a step is a row, such as a day of trading, however long it lasts
    remarks: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()  # what stays the same for an entity; each line is told about

    @property
    def periods(self) -> float:
        """Steps in a year, as many as there really are where days of trading are counted."""
        year = 365.25 * _DAY
        if self.is_grid:
            return year / self.step
        longest = max(self.lines, key=len)
        span = float((longest.stamps[-1] - longest.stamps[0]).astype(np.int64))
        return year * (len(longest) - 1) / span


def lay_out(
    frame: pd.DataFrame, stamp: str, variables: Sequence[str], entity: str = "", attributes: Sequence[str] = ()
) -> Panel:
    """Sort, drop what stands twice, bridge short gaps with the last value, and cut at longer ones.

    Only the past fills a gap, so that nothing is known before its time. Of an attribute an entity's first value counts.

    Raises:
        DataError: a column is missing, or no line of two rows is left.
    """
    wanted = [stamp, *variables, *([entity] if entity else [])]
    if missing := [name for name in wanted if name not in frame.columns]:
        raise DataError(f"There is no column {missing[0]!r}. There are: {', '.join(map(str, frame.columns))}.")
    stamps, remarks = read_stamps(frame[stamp])
    told = list(remarks)
    sparse = [name for name in variables if float(frame[name].isna().mean()) > _MOST_MISSING]
    if sparse:
        told.append(f"Left out, since more than half of their values are missing: {', '.join(sparse)}.")
    kept = [name for name in variables if name not in sparse]
    values = np.array(frame[kept].to_numpy(np.float64, na_value=np.nan))
    values[~np.isfinite(values)] = np.nan
    names = frame[entity].astype("string").fillna("").to_numpy(str) if entity else np.full(len(frame), "")
    rows = _in_order(names, stamps, told)
    names, stamps, values = names[rows], stamps[rows], values[rows]
    cuts = [*np.flatnonzero(np.r_[True, names[1:] != names[:-1]]), len(names)]
    owns = [slice(start, stop) for start, stop in pairwise(cuts)]
    steps = np.concatenate([np.diff(stamps[own]).astype(np.int64) for own in owns]) if len(rows) else np.empty(0)
    if not len(steps) or not kept:
        raise DataError("There is no time line: two rows with a time and a value are the least. Give more of it.")
    step = int(np.median(steps))
    days = not (stamps.astype(np.int64) % _DAY).any()
    near = float((np.abs(steps / step - np.maximum(np.round(steps / step), 1)) <= _OFF).mean())
    is_grid = bool((steps == step).all()) if days else near >= _REGULAR
    if near < _REGULAR and not days:
        told.append(f"Steps are irregular ({near:.0%} fit one of {step:,} seconds): each row counts as a step.")
    told_about = frame[list(attributes)]
    abouts = [_about(told_about.iloc[rows[own]]) for own in owns]
    lines = [
        replace(line, about=about)
        for own, about in zip(owns, abouts, strict=True)
        for line in _lines_of(str(names[own][0]), stamps[own], values[own], step if is_grid else 0, step * _PAUSE)
    ]
    if not lines:
        raise DataError("No two rows follow each other without a gap. Give a longer time line.")
    if len(lines) > len(owns):
        told.append(f"Gaps cut {len(owns):,} time lines into {len(lines):,}.")
    return Panel(tuple(kept), tuple(lines), step, is_grid, tuple(told), tuple(attributes))


def _about(columns: pd.DataFrame) -> About:
    """Words, or numbers; "" or NaN where all rows of an entity miss it."""
    import pandas as pd

    told: list[str | float] = []
    for name in columns:
        first = next(iter(columns[name].dropna()), None)
        is_number = pd.api.types.is_numeric_dtype(columns[name])
        told.append(float(np.nan if first is None else first) if is_number else str(first or ""))
    return tuple(told)


def _in_order(names: NDArray[Any], stamps: Stamps, told: list[str]) -> NDArray[np.int64]:
    """Rows with a stamp, entity by entity in the order of time, the last of those that stand twice."""
    timed = np.flatnonzero(~np.isnat(stamps))
    if lost := len(stamps) - len(timed):
        told.append(f"{lost:,} rows without a time are left out.")
    order = timed[np.lexsort((timed, stamps[timed], names[timed]))]
    if not _is_sorted(names[timed], stamps[timed]):
        told.append("Rows were not in the order of time, and are put into it.")
    same = (names[order][1:] == names[order][:-1]) & (stamps[order][1:] == stamps[order][:-1])
    if same.any():
        told.append(f"{int(same.sum()):,} times stand twice: the last row of each is taken.")
    last: NDArray[np.int64] = order[np.r_[~same, True]] if len(order) else order
    return last


def _is_sorted(names: NDArray[Any], stamps: Stamps) -> bool:
    return all((np.diff(stamps[names == name]).astype(np.int64) >= 0).all() for name in set(names.tolist()))


def _lines_of(entity: str, stamps: Stamps, values: NDArray[np.float64], step: int, pause: int) -> Iterator[Line]:
    """The stretches of one entity; `step` = 0 where a row is a step, and a `pause` so long ends a line."""
    if step:
        places = np.round((stamps - stamps[0]).astype(np.int64) / step).astype(np.int64)
        last = np.r_[places[1:] != places[:-1], True]  # of several rows near one place of the grid
        stamps, values, places = stamps[last], values[last], places[last]
    else:
        gone = np.r_[0, (np.diff(stamps).astype(np.int64) > pause).cumsum()] * (_BRIDGED + 2)
        places = np.arange(len(stamps)) + gone
    whole = np.flatnonzero(~np.isnan(values).all(1))
    ends = np.flatnonzero(np.diff(places[whole]) > _BRIDGED + 1) + 1
    for part in np.split(whole, ends):
        if len(part) < _FEWEST:
            continue
        inside = slice(part[0], part[-1] + 1)
        offsets = places[inside] - places[part[0]]
        filled = np.full((offsets[-1] + 1, values.shape[1]), np.nan)
        filled[offsets] = values[inside]
        times = np.interp(np.arange(len(filled)), offsets, stamps[inside].astype(np.int64)).astype("datetime64[s]")
        filled = _carried(filled)
        known = ~np.isnan(filled).any(1)
        starts = np.flatnonzero(np.diff(np.r_[False, known, False].astype(np.int8)))
        for start, stop in starts.reshape(-1, 2):
            if stop - start >= _FEWEST:
                yield Line(entity, times[start:stop], filled[start:stop])


def _carried(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each missing value is the last one before it, of at most so many steps ago."""
    filled = values.copy()
    for back in range(1, _BRIDGED + 1):
        earlier = np.full_like(values, np.nan)
        earlier[back:] = values[:-back]
        filled = np.where(np.isnan(filled), earlier, filled)
    return filled
