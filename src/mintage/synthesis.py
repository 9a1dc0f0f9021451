"""A trained model of records at work: freely, held to conditions, balanced, or filling in what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mintage.data.table_packing import RecordCodec
from mintage.errors import ConfigError
from mintage.layers.record_sampler import UNKNOWN, RecordSampler
from mintage.records import FREE
from mintage.sampling import draw, noise_of
from mintage.seeding import derive
from mintage.tabular.conditions import Condition, parse_condition
from mintage.tabular.constraints import row_words
from mintage.tabular.files import TableFile, write_frames
from mintage.tabular.values import is_missing
from mintage.trained import CPU, Trained

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["Wanted", "draw_records", "fill_in", "record_codes", "write_records"]

PART = RecordSampler.chunk  # records that are drawn and written at once
_MOST_ROUNDS = 400  # of drawing, before a condition counts as one that cannot be met
_MOST_FILLINGS = 20  # of a record that constraints bind
_HOPELESS = 60  # rounds without a single record that meets it

Progress = Callable[[int, int], None]
Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of records."""

    where: str = ""  # a condition: "income='>50K' and age<30"
    balance: str = ""  # a column each of whose levels is to be as common as the others
    no_missing: bool = False
    temperature: float = 1.0


def draw_records(trained: Trained, n: int, seed: int = 0, wanted: Wanted = Wanted()) -> DataFrame:
    """The first `n` records of a seed as one table.

    Raises:
        ConfigError: what is wanted cannot be read, or (nearly) never comes about.
    """
    import pandas as pd

    return pd.concat(list(_parts(trained, n, seed, wanted)), ignore_index=True)


def write_records(
    trained: Trained, n: int, path: Path, seed: int = 0, wanted: Wanted = Wanted(), progress: Progress | None = None
) -> Path:
    """Write them as .csv, .tsv or .parquet, part by part, whole or not at all.

    Raises:
        ConfigError: as `draw_records`; or the suffix is another.
    """

    def told() -> Iterator[DataFrame]:
        done = 0
        for frame in _parts(trained, n, seed, wanted):
            done += len(frame)
            yield frame
            if progress is not None:
                progress(done, n)

    return write_frames(told(), path)


def record_codes(trained: Trained, n: int, seed: int = 0, wanted: Wanted = Wanted()) -> Iterator[Codes]:
    """Codes of the first `n` records of a seed, in parts.

    Raises:
        ConfigError: as `draw_records`.
    """
    return _Desk(trained, wanted).parts(n, seed)


def _parts(trained: Trained, n: int, seed: int, wanted: Wanted) -> Iterator[DataFrame]:
    codec = cast(RecordCodec, trained.codec)
    done = 0
    for codes in record_codes(trained, n, seed, wanted):
        yield codec.decode_frame(codes, done)
        done += len(codes)


def fill_in(trained: Trained, path: Path, seed: int = 0, wanted: Wanted = Wanted()) -> Iterator[DataFrame]:
    """The records of a file with what is missing drawn in, given all that is there; what is there stays as it is.

    Raises:
        ConfigError: the model cannot be held to what is known.
        DataError: the file cannot be read, or lacks columns.
    """
    codec = cast(RecordCodec, trained.codec)
    desk = _Desk(trained, wanted)
    done = 0
    for frame in TableFile(path).frames():
        for first in range(0, len(frame), PART):
            part = frame.iloc[first : first + PART].reset_index(drop=True)
            yield desk.filled(part, codec, done, seed)
            done += len(part)


class _Desk:
    """Everything that making records needs."""

    def __init__(self, trained: Trained, wanted: Wanted) -> None:
        if trained.makes != "records":
            raise ConfigError(f"{trained.run.path} makes {trained.makes}: leave out what is asked of records.")
        self.trained, self.wanted = trained, wanted
        self.codec: RecordCodec = cast(RecordCodec, trained.codec)
        self.sampler = trained.sampler
        self.columns = trained.spec.x.columns
        self.condition = parse_condition(wanted.where, self.codec.columns) if wanted.where else None
        asked = self.condition.columns if self.condition is not None else set()
        if made_anew := [name for name, kind in self.codec.kinds_of.items() if kind == "identifier" and name in asked]:
            raise ConfigError(f"{made_anew[0]!r} names its record and is made anew: ask for other columns.")
        if wanted.balance and wanted.balance not in self.codec.columns:
            raise ConfigError(f"There is no column {wanted.balance!r}. Known are: {', '.join(self.codec.columns)}.")

    def parts(self, n: int, seed: int) -> Iterator[Codes]:
        """Codes of `n` records, at most `PART` at once."""
        self.codec.check_room(n)
        left, first, barren = n, 0, 0
        self._seen: dict[tuple[str, ...], set[int]] = {columns: set() for columns in self.codec.unique}
        waiting = np.zeros((0, self._spans[-1][1]), np.int64)
        while left > 0:
            # whole parts wherever some are dropped, so that the first records are the same however many are asked for
            noise = noise_of(self.sampler, first, PART if self._is_held else min(PART, left), seed)
            codes = self._drawn(noise, seed, first)
            if self._rejects:
                codes = codes[self._keeps(codes)]
            if self.wanted.balance:
                codes, waiting = self._evened(np.concatenate([waiting, codes]))
            kept = codes[:left]
            first += len(noise)
            barren = 0 if len(kept) else barren + 1
            if barren >= _HOPELESS or (first > _MOST_ROUNDS * PART and n - left < n / 100):
                raise ConfigError(
                    f"Of {first:,} records {n - left:,} {self._asked}: it is too rare, or impossible. Ask for less, or "
                    "for a wider range."
                )
            left -= len(kept)
            if len(kept):
                yield kept

    def filled(self, frame: DataFrame, codec: RecordCodec, first: int, seed: int) -> DataFrame:
        """One part of a file, whole; a record that keeps its constraints in none of several draws stays as it was."""
        import pandas as pd

        sampler = self._any_order("fill in what is missing")
        learned = codec.learned(frame)
        known = torch.from_numpy(codec.encode_frame(frame))
        gone = {}
        for column, (start, stop) in zip(self.columns, self._spans, strict=True):
            empty = [is_missing(frame[name]) for name in codec.rulebook.joined_in(column.name)]
            gone[column.name] = np.logical_or.reduce([is_missing(learned[column.name]), *empty])
            known[torch.from_numpy(gone[column.name]), start:stop] = UNKNOWN
        book, whole, left = codec.rulebook, [], np.arange(len(frame))
        for attempt in range(_MOST_FILLINGS if book.rules else 1):
            noise = noise_of(self.sampler, first, len(frame), derive(seed, "again", attempt) if attempt else seed)
            with torch.inference_mode():
                made = sampler.draw(noise[left], known[left], self._present, self.wanted.temperature)[0]
            drawn = codec.decode_learned(made.numpy(), first)
            given = {
                name: values.astype(object).where(gone[name][left], learned[name].iloc[left].set_axis(values.index))
                for name, values in drawn.items()
            }
            part = _filled(frame.iloc[left], drawn | book.made(given, book.made_columns))
            kept = codec.keeps(part)
            whole.append(part[kept])
            left = left[~kept]
            if not len(left):
                break
        return pd.concat([*whole, frame.iloc[left]] if len(left) else whole).sort_index()

    def _drawn(self, noise: Tensor, seed: int, first: int) -> Codes:
        """Records that codes alone allow."""
        wanted = self.wanted
        if not self._allowed and not wanted.balance and wanted.temperature == 1.0:
            return draw(self.sampler, noise, numbers=self.trained.numbers, device=CPU).numpy()
        sampler = self._any_order("make records that are held to something")
        rng = torch.Generator().manual_seed(derive(seed, "held to", first))
        known = self._balanced(len(noise), rng) if wanted.balance else None
        with torch.inference_mode():
            codes = known
            if self._allowed:
                codes, chances = sampler.draw(noise, known, self._allowed, wanted.temperature, only=self._held)
                if chances.shape[1] > 1:  # the first was drawn as it must be; what follows must be as likely
                    likely = chances[:, 1:].sum(1)
                    kept = torch.rand(len(codes), generator=rng).log() < likely - likely.max()
                    codes, noise = codes[kept], noise[kept]
            return sampler.draw(noise, codes, None, wanted.temperature)[0].numpy()

    def _evened(self, codes: Codes) -> tuple[Codes, Codes]:
        """One record of each level after another, as many as there are of the fewest; and those that wait for more."""
        level = codes[:, self._spans[self._number(self.wanted.balance)][0]]
        rank = np.zeros(len(codes), np.int64)
        for one in self._levels.tolist():
            rank[level == one] = np.arange((level == one).sum())
        fewest = min(int((level == one).sum()) for one in self._levels.tolist())
        turns = np.argsort(rank, kind="stable")[: fewest * len(self._levels)]
        return codes[turns], codes[rank >= fewest]

    def _keeps(self, codes: Codes) -> NDArray[np.bool_]:
        """Which records meet what codes alone cannot say. Shape: (N, P) -> (N,)."""
        made = self.codec.rulebook.made_columns if self.wanted.no_missing else []
        needed = {*made, *(self.condition.columns if self.condition else ())}.union(*self._seen)
        frame = self.codec.decode_frame(codes, only=sorted(needed))
        keeps = np.ones(len(codes), bool) if self.condition is None else self.condition.holds(frame)
        for name in made:
            keeps &= ~is_missing(frame[name])
        for columns, seen in self._seen.items():
            hashes, whole = row_words(frame, columns)
            for row in np.flatnonzero(keeps & whole).tolist():
                keeps[row] = (word := int(hashes[row])) not in seen
                seen.add(word)
        return keeps

    @property
    def _rejects(self) -> bool:
        made = self.wanted.no_missing and self.codec.rulebook.made_columns
        return bool(self.condition is not None or self.codec.unique or made)

    @property
    def _is_held(self) -> bool:
        return self._rejects or bool(self._allowed) or bool(self.wanted.balance)

    @property
    def _asked(self) -> str:
        """What kept records do."""
        unlike = [f"differed in {' and '.join(columns)} from those before" for columns in self.codec.unique]
        return " and ".join([*([f"met {self.wanted.where!r}"] if self.condition else []), *unlike] or ["were whole"])

    @cached_property
    def _spans(self) -> list[tuple[int, int]]:
        """Where the codes of each column lie."""
        stops = np.cumsum([len(column.levels) + column.free for column in self.columns]).tolist()
        return list(zip([0, *stops[:-1]], stops, strict=True))

    @cached_property
    def _first_of(self) -> Mapping[str, int]:
        """The number of each column's first learned position."""
        found, at = {}, 0
        for column in self.columns:
            if column.levels:
                found[column.name] = at
            at += len(column.levels)
        return found

    @cached_property
    def _held(self) -> list[int]:
        """Learned positions of the columns that are held to something: whole columns, as the network knows them."""
        places = [
            range(self._first_of[column.name], self._first_of[column.name] + len(column.levels))
            for column in self.columns
            if column.levels
        ]
        return [at for inside in places if not self._allowed.keys().isdisjoint(inside) for at in inside]

    @cached_property
    def _present(self) -> dict[int, Tensor]:
        """Of each column that may be missing: the codes that say that it is not."""
        return {
            self._first_of[column.name]: torch.arange(column.levels[0]) != column.missing
            for column in self.columns
            if column.missing is not None and column.levels
        }

    @cached_property
    def _allowed(self) -> dict[int, Tensor]:
        """Learned positions and the codes that can meet what is wanted."""
        allowed = dict(self._present) if self.wanted.no_missing else {}
        if self.condition is not None and isinstance(self.sampler, RecordSampler):
            for part in self.condition.parts():
                name = self.codec.rulebook.says_alone(part.columns)
                if name is not None and name in self._first_of:
                    for at, codes in self._codes_that_can(part, name).items():
                        allowed[at] = codes & allowed[at] if at in allowed else codes
        for at, codes in allowed.items():
            if not codes.any():
                raise ConfigError(f"No value that was learned meets {self.wanted.where!r}{self._hint(at)}.")
        return allowed

    def _codes_that_can(self, part: Condition, name: str) -> dict[int, Tensor]:
        """Of the learned column that alone says it, and each of its positions: the codes that can meet a condition.

        They are found by values: at the ends and in the middle of every cell, and those that the condition names.
        """
        number = self._number(name)
        column, (start, stop) = self.columns[number], self._spans[number]
        axes = [np.arange(levels) for levels in column.levels] + [np.array([0, FREE // 2, FREE - 1])] * column.free
        if column.free and len(column.levels) > 1:
            axes[1] = np.linspace(0, column.levels[1] - 1, 9).astype(int)
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, stop - start)
        if name in part.columns:
            grid = np.concatenate([grid, self._around(name, part.values)])
        codes = np.zeros((len(grid), self._spans[-1][1]), np.int64)
        codes[:, start:stop] = grid
        holds = part.holds(self.codec.decode_frame(codes, only=sorted(part.columns)))
        holds &= ~np.isin(grid[:, 0], column.never)
        found = {}
        for inside in range(1 if column.free else len(column.levels)):
            can = np.bincount(grid[holds, inside], minlength=column.levels[inside]) > 0
            found[self._first_of[name] + inside] = torch.from_numpy(can)
        return found

    def _around(self, name: str, values: Sequence[str | float | None]) -> Codes:
        """Codes of values of a column and of their nearest neighbours."""
        import pandas as pd

        words = [None if value is None else f"{value:.17g}" if isinstance(value, float) else value for value in values]
        codes = self.codec.encode_learned({name: pd.Series(words, name=name, dtype="str")})[name]
        beside = [codes]
        if self.columns[self._number(name)].free:
            for step in (-1, 1):
                beside.append(codes.copy())
                beside[-1][:, -1] = np.clip(codes[:, -1] + step, 0, FREE - 1)
        return np.concatenate(beside)

    def _number(self, name: str) -> int:
        """Which of the learned columns it is."""
        named = [column.name for column in self.columns]
        if name not in named:
            raise ConfigError(f"{name!r} is not learned by itself: a constraint makes it. Ask for it by --where.")
        return named.index(name)

    @cached_property
    def _levels(self) -> Tensor:
        """Codes of the column that is balanced."""
        column = self.columns[self._number(self.wanted.balance)]
        if column.kind not in ("category", "boolean") or len(column.levels) != 1:
            raise ConfigError(f"{column.name!r} is {column.kind}, and only columns of a few levels can be balanced.")
        barred = {*column.never, column.missing}
        levels = torch.tensor([code for code in range(column.levels[0]) if code not in barred])
        allowed = self._allowed.get(self._first_of[column.name])
        levels = levels if allowed is None else levels[allowed[levels]]
        if not len(levels):
            raise ConfigError(f"No level of {column.name!r} meets {self.wanted.where!r}, so none can be balanced.")
        return levels

    def _balanced(self, count: int, rng: torch.Generator) -> Tensor:
        """Every level of the column as often as the others. Shape: (count, P)."""
        levels, known = self._levels, torch.full((count, self._spans[-1][1]), UNKNOWN)
        start = self._spans[self._number(self.wanted.balance)][0]
        known[:, start] = levels[torch.randint(len(levels), (count,), generator=rng)]
        return known

    def _any_order(self, what: str) -> RecordSampler:
        if not isinstance(self.sampler, RecordSampler):
            raise ConfigError(
                f"The model {self.trained.recipe.model['name']} makes whole records and cannot {what}. Use tabular_ar."
            )
        return self.sampler

    def _hint(self, at: int) -> str:
        name = next(name for name, first in self._first_of.items() if first == at)
        column = next(column for column in self.columns if column.name == name)
        return f" ({name}: {column.kind})"


def _filled(frame: DataFrame, drawn: Mapping[str, Series]) -> DataFrame:
    """Records with what is missing taken from others, row by row."""
    whole = frame.copy()
    for name in frame.columns.intersection(list(drawn)):
        empty = is_missing(frame[name])
        if empty.any():
            values = drawn[name].set_axis(frame.index)
            whole[name] = whole[name].mask(
                empty, values.astype(str) if whole[name].dtype in (object, "str") else values
            )
    return whole
