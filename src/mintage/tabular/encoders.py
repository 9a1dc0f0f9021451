"""One column each, both ways: values become integer codes of a `records.Column`, and codes become values again."""

from __future__ import annotations

import base64
import zlib
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mintage.config import Settings
from mintage.records import FREE, Column, Kind
from mintage.tabular.patterns import filled, pattern_of, shape_of, size_of
from mintage.tabular.values import as_dates, as_numbers, as_words, is_missing

if TYPE_CHECKING:
    from pandas import Series

__all__ = ["Cells", "Constant", "Encoder", "Identifier", "Levels", "numeric"]

RARE = "(rare)"  # what a level is called that is not told
GROUP = 256  # levels of a column that has more are said in two positions of at most so many codes

Codes = NDArray[np.int64]
Numbers = NDArray[np.float64]


class Levels(Settings):
    """A column of words: one code a level, the commonest first, one for rare or unknown ones, one for missing ones.

    More than a few hundred levels take two positions: a group, and the level's place in it. Rare levels are seen but
    never made: a value that one or two people have is theirs.

    Shape: (N,) values -> (N, 1 or 2) codes.
    """

    form: Literal["levels"] = "levels"
    name: str
    kind: Kind = "category"
    levels: tuple[str, ...]
    counts: tuple[int, ...]
    num_rare: int = 0
    num_missing: int = 0
    dtype: Literal["text", "bool", "integer", "number"] = "text"

    @property
    def is_grouped(self) -> bool:
        """Whether it takes two positions."""
        return len(self.levels) > 2 * GROUP

    @cached_property
    def column(self) -> Column:
        """What a model sees."""
        total = max(sum(self.counts) + self.num_rare + self.num_missing, 1)
        counts = np.array(self.counts, np.float64)
        if self.is_grouped:
            counts = np.add.reduceat(counts, np.arange(0, len(counts), GROUP))
        rare = len(counts)
        weights = np.append(counts, [self.num_rare, *([self.num_missing] if self.num_missing else [])]) / total
        return Column(
            name=self.name,
            kind=self.kind,
            levels=(len(weights), GROUP) if self.is_grouped else (len(weights),),
            weights=tuple(weights.round(9).tolist()),
            missing=rare + 1 if self.num_missing else None,
            never=(rare,),
        )

    def encode(self, values: Series) -> Codes:
        """The codes of values; what is not known counts as rare."""
        import pandas as pd

        gone = is_missing(values)
        words = pd.Series(as_words(values), dtype=object)
        known = len(self.levels)
        found = pd.Index(self.levels, dtype=object).get_indexer(pd.Index(words, dtype=object))
        found = np.where(found < 0, known, found)
        if not self.is_grouped:
            return np.where(gone, known + 1 if self.num_missing else known, found)[:, None].astype(np.int64)
        groups = -(-known // GROUP)
        first = np.where(found < known, found // GROUP, groups)
        first = np.where(gone, groups + 1 if self.num_missing else groups, first)
        second = np.where((found < known) & ~gone, found % GROUP, 0)
        return np.stack([first, second], axis=1).astype(np.int64)

    def decode(self, codes: Codes, first: int = 0) -> Series:
        """The values of codes; that of rare ones, which no sampler makes, is called so, or has no number."""
        import pandas as pd

        place = codes[:, 0] * GROUP + codes[:, 1] if self.is_grouped else codes[:, 0]
        gone = codes[:, 0] == self.column.missing if self.num_missing else np.zeros(len(codes), bool)
        known = np.where(place < len(self.levels), place, len(self.levels) - 1 if self.is_grouped else 0)
        rare = codes[:, 0] == self.column.never[0]
        words = np.array(self.levels, object)[np.where(rare, 0, known)]
        if self.dtype == "text":
            words[rare], words[gone] = RARE, None
            return pd.Series(words, name=self.name, dtype="str")
        if self.dtype == "bool":
            truths = np.array([word == "True" for word in words.tolist()], object)
            truths[gone] = None
            return pd.Series(truths, name=self.name, dtype="boolean" if gone.any() else "bool")
        gone = gone | rare
        words[gone] = None
        if self.dtype == "integer":  # not by way of floats, which round beyond 2 ** 53
            whole = [None if word is None else int(word) for word in words.tolist()]
            return pd.Series(whole, name=self.name, dtype="Int64" if gone.any() else "int64")
        return pd.Series(words.astype(np.float64), name=self.name)


class Cells(Settings):
    """A column of numbers or dates in cells of about equal mass, values that are common being cells of their own.

    A wide cell has finer ones in a second position, and a free position says where between the edges a value lies, so
    no more is lost than a part in 65,536 of a cell. What is outside is drawn to the nearest edge. Numbers of up to six
    decimals are whole numbers of their last place, and stay so.

    Shape: (N,) values -> (N, 1 to 3) codes: the cell, the finer cell if there are any, the place if there is any.
    """

    form: Literal["cells"] = "cells"
    name: str
    kind: Literal["integer", "number", "date"]
    decimals: int | None = None  # None: real numbers; dates: of seconds, or of days where `days`
    days: bool = False
    formats: tuple[str, ...] = ()  # of dates, the commonest first
    commas: bool = False  # of words: a comma stands before the decimals
    exact: tuple[float, ...]  # values that are cells of their own, in whole units, ascending
    exact_counts: tuple[int, ...]
    edges: tuple[float, ...] = ()  # of the finer cells, ascending
    cell_of: tuple[int, ...] = ()  # the cell that each finer one belongs to
    cell_counts: tuple[int, ...] = ()
    num_missing: int = 0

    @cached_property
    def column(self) -> Column:
        """What a model sees."""
        places, counts = self._places, np.append(self.exact_counts, self.cell_counts)
        order = np.argsort(places, kind="stable")
        worth = places[order] - np.average(places, weights=np.maximum(counts, 1))
        worth = worth / (np.sqrt(np.average(worth**2, weights=np.maximum(counts[order], 1))) or 1.0)
        shares = np.append(counts[order], [self.num_missing] if self.num_missing else []) / max(
            counts.sum() + self.num_missing, 1
        )
        fine = int(np.bincount(self.cell_of).max()) if self.cell_of else 1
        return Column(
            name=self.name,
            kind=self.kind,
            levels=(len(shares), fine) if fine > 1 else (len(shares),),
            free=1 if self.cell_of else 0,
            values=tuple(worth.round(6).tolist()),
            weights=tuple(shares.round(9).tolist()),
            missing=len(order) if self.num_missing else None,
        )

    @cached_property
    def _places(self) -> Numbers:
        """A value inside of each exact one and each cell, those of exact ones first."""
        middles = []
        if self.cell_of:
            edges, cell_of = np.array(self.edges), np.array(self.cell_of)
            starts = np.flatnonzero(np.diff(cell_of, prepend=-1))
            stops = np.append(starts[1:], len(cell_of))
            middles = ((edges[starts] + edges[stops]) / 2).tolist()
        return np.array([*self.exact, *middles], np.float64)

    @cached_property
    def _code_of(self) -> Codes:
        """The code of each exact value and each cell: they stand in the order of their values."""
        ranks: Codes = np.empty(len(self._places), np.int64)
        ranks[np.argsort(self._places, kind="stable")] = np.arange(len(self._places))
        return ranks

    @cached_property
    def _first_fine(self) -> Codes:
        return np.flatnonzero(np.diff(np.array(self.cell_of, np.int64), prepend=-1))

    def units(self, values: Series) -> Numbers:
        """Values as whole units of their last place (or real numbers), NaN where there is none."""
        if self.kind == "date":
            seconds = as_dates(values, self.formats)
            return np.floor(seconds / 86_400) if self.days else np.round(seconds)
        numbers = as_numbers(values, commas=self.commas)
        return numbers if self.decimals is None else np.round(numbers * 10.0**self.decimals)

    def encode(self, values: Series) -> Codes:
        """The codes of values; what is no value counts as missing, or where none was, as the first cell."""
        units = self.units(values)
        gone = np.isnan(units)
        units = np.where(gone, self._places[0], units)
        exact = np.array(self.exact, np.float64)
        codes = np.zeros((len(units), len(self.column.levels) + self.column.free), np.int64)
        near = np.minimum(np.searchsorted(exact, units), max(len(exact) - 1, 0))
        is_exact = exact[near] == units if len(exact) else np.zeros(len(units), bool)
        if not self.cell_of:
            if len(exact) > 1:  # a value that was not seen: the nearest one
                below = np.maximum(near - 1, 0)
                near = np.where(np.abs(exact[below] - units) < np.abs(exact[near] - units), below, near)
            codes[:, 0] = self._code_of[near]
        else:
            edges, cell_of = np.array(self.edges), np.array(self.cell_of, np.int64)
            fine = np.clip(np.searchsorted(edges, units, "right") - 1, 0, len(cell_of) - 1)
            cell = cell_of[fine]
            codes[:, 0] = np.where(is_exact, self._code_of[near], self._code_of[len(exact) + cell])
            if len(self.column.levels) > 1:
                codes[:, 1] = np.where(is_exact, 0, fine - self._first_fine[cell])
            half = 0.5 if self._is_whole else 0.0
            share = (units + half - edges[fine]) / (edges[fine + 1] - edges[fine])
            codes[:, -1] = np.where(is_exact, 0, np.clip(np.floor(share * FREE), 0, FREE - 1))
        if self.num_missing:
            codes[gone] = 0
            codes[gone, 0] = len(self._places)
        return codes

    def decode(self, codes: Codes, first: int = 0) -> Series:
        """The values of codes."""
        import pandas as pd

        known = np.clip(codes[:, 0], 0, len(self._places) - 1)
        thing = np.argsort(self._code_of)[known]  # exact values first, then cells
        gone = codes[:, 0] == self.column.missing if self.num_missing else np.zeros(len(codes), bool)
        num = len(self.exact)
        units = np.array([*self.exact, 0.0])[np.minimum(thing, num)]
        if self.cell_of:
            cell = np.maximum(thing - num, 0)
            counts = np.bincount(self.cell_of)
            sub = np.minimum(codes[:, 1], counts[cell] - 1) if len(self.column.levels) > 1 else 0
            fine = self._first_fine[cell] + sub
            edges = np.array(self.edges)
            inside = edges[fine] + (edges[fine + 1] - edges[fine]) * (codes[:, -1] + 0.5) / FREE
            units = np.where(thing < num, units, np.floor(inside) if self._is_whole else inside)
        if self.kind != "date":
            return numeric(units, gone, self.decimals, self.name)
        seconds = units * (86_400 if self.days else 1)
        stamps = seconds.astype(np.int64).astype("datetime64[s]")
        stamps[gone] = np.datetime64("NaT")
        return pd.Series(stamps, name=self.name)

    @property
    def _is_whole(self) -> bool:
        return self.kind == "date" or self.decimals is not None


class Identifier(Settings):
    """A column that names its row: made anew by the pattern of its letters and digits, no two alike, none copied.

    What is learned is which pattern a name has (and whether there is one); the rest follows from the record's number.
    """

    form: Literal["identifier"] = "identifier"
    name: str
    kind: Literal["identifier"] = "identifier"
    patterns: tuple[str, ...] = ()  # "AA-000": capitals, small letters (a), digits; other signs as they are
    counts: tuple[int, ...] = ()
    start: int | None = None  # of a column that counts its rows: where it starts
    num_missing: int = 0
    taken: str = ""  # of a key: the 32-bit hashes of real names, in base64; what hashes alike is passed over

    @cached_property
    def column(self) -> Column:
        """What a model sees: nothing where all names are alike."""
        counts = np.array([*self.counts, *([self.num_missing] if self.num_missing else [])], np.float64)
        learned = self.start is None and len(counts) > 1
        return Column(
            name=self.name,
            kind="identifier",
            levels=(len(counts),) if learned else (),
            weights=tuple((counts / counts.sum()).round(9).tolist()) if learned else (),
            missing=len(self.counts) if self.num_missing and learned else None,
        )

    def encode(self, values: Series) -> Codes:
        """The pattern of each; one that is not known counts as the commonest."""
        if not self.column.levels:
            return np.zeros((len(values), 0), np.int64)
        known = {shape_of(pattern): code for code, pattern in enumerate(self.patterns)}
        gone = is_missing(values)
        codes = np.array([known.get(pattern_of(word), 0) for word in as_words(values).tolist()], np.int64)
        return np.where(gone & bool(self.num_missing), len(self.patterns), codes)[:, None]

    def decode(self, codes: Codes, first: int = 0) -> Series:
        """New names for records `first`, `first` + 1, ..."""
        import pandas as pd

        numbers = np.arange(first, first + len(codes), dtype=np.int64)
        if self.start is not None:
            return pd.Series(numbers + self.start, name=self.name)
        which = codes[:, 0] if codes.shape[1] else np.zeros(len(codes), np.int64)
        made = np.empty(len(codes), object)
        rooms = self._rooms(first + len(codes))
        full = (which < len(rooms)) & (numbers >= np.array([*rooms, 0])[np.minimum(which, len(rooms))])
        which = np.where(full, int(np.argmax(rooms)), which)
        for code, pattern in enumerate(self.patterns):
            rows = which == code
            free = numbers[rows] % max(rooms[code], 1)  # again, once all are used up
            made[rows] = filled(pattern, self._known_free[pattern][1][free] if self.taken and rooms[code] else free)
        made[which >= len(self.patterns)] = None
        return pd.Series(made, name=self.name, dtype="str")

    def beyond(self, values: Series) -> Identifier:
        """The same that makes none of these names either."""
        there = values[~is_missing(values)]
        if self.start is not None:
            most = int(np.nanmax(as_numbers(there), initial=self.start - 1))
            return Identifier(**{**self.model_dump(), "start": max(self.start, most + 1)})
        hashes = np.union1d(self._hashes, _hashed(as_words(there)))
        return Identifier(**{**self.model_dump(), "taken": base64.b64encode(hashes.tobytes()).decode()})

    @cached_property
    def _hashes(self) -> NDArray[np.uint32]:
        return np.frombuffer(base64.b64decode(self.taken), "<u4")

    @cached_property
    def _known_free(self) -> dict[str, tuple[int, Codes]]:
        """Of each pattern how many numbers were looked at, and those of free names among them."""
        return {}

    def room(self, wanted: int) -> int:
        """How many records it can name, counted up to so many at least."""
        return wanted if self.start is not None else max(self._rooms(wanted))

    def _rooms(self, wanted: int) -> list[int]:
        """How many free names each pattern has, counted up to so many where real ones are passed over."""
        return [self._room(pattern, wanted) if self.taken else size_of(pattern) for pattern in self.patterns]

    def _room(self, pattern: str, wanted: int) -> int:
        size = size_of(pattern)
        seen, free = self._known_free.get(pattern, (0, np.zeros(0, np.int64)))
        while len(free) < wanted and seen < size:
            numbers = np.arange(seen, min(max(2 * seen, 4_096), size), dtype=np.int64)
            is_free = ~np.isin(_hashed(filled(pattern, numbers)), self._hashes)
            seen, free = seen + len(numbers), np.append(free, numbers[is_free])
        self._known_free[pattern] = seen, free
        return len(free)


class Constant(Settings):
    """A column of one value, or of none: there is nothing to learn."""

    form: Literal["constant"] = "constant"
    name: str
    kind: Kind = "category"
    value: str | int | float | bool | None = None

    @cached_property
    def column(self) -> Column:
        """Nothing that a model would see."""
        return Column(name=self.name, kind=self.kind, levels=())

    def encode(self, values: Series) -> Codes:
        """No codes."""
        return np.zeros((len(values), 0), np.int64)

    def decode(self, codes: Codes, first: int = 0) -> Series:
        """The value, as often as there are records."""
        import pandas as pd

        return pd.Series([self.value] * len(codes), name=self.name, dtype=object if self.value is None else None)


def _hashed(words: NDArray[np.object_]) -> NDArray[np.uint32]:
    return np.array([zlib.crc32(word.encode()) for word in words.tolist()], "<u4")


Encoder = Annotated[Levels | Cells | Identifier | Constant, Field(discriminator="form")]


def numeric(units: Numbers, gone: NDArray[np.bool_], decimals: int | None, name: str) -> Series:
    """Numbers of whole units as integers where they are such, NaN or <NA> where there is none."""
    import pandas as pd

    if decimals == 0:
        whole = pd.Series(np.where(gone, 0, units).astype(np.int64), name=name)
        return whole.astype("Int64").mask(pd.Series(gone)) if gone.any() else whole
    numbers = units if decimals is None else np.round(units / 10.0**decimals, decimals)
    return pd.Series(np.where(gone, np.nan, numbers), name=name)
