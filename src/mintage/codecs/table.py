"""Records of a table, both ways: each column becomes integer codes, and codes become values of its own kind again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from mintage.config import Settings
from mintage.contracts import Makes, TensorSpec
from mintage.errors import ConfigError, DataError
from mintage.records import Kind
from mintage.registry import suggest
from mintage.tabular.constraints import Constraint, Unique
from mintage.tabular.encoders import Encoder, Identifier
from mintage.tabular.files import write_frames
from mintage.tabular.fitting import Fineness, fit_column, fit_key
from mintage.tabular.rulebook import Rulebook

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["Table"]

_FEWEST = 2


class Table(Settings):
    """Records as rows of integer codes: whole numbers, quantile cells, levels, dates, identifiers, missing values.

    What a column is, is told from its values; `kinds` overrides it. `encode_frame` and `decode_frame` work on whole
    tables, and are what counts for speed; `encode` and `decode` on one record as a mapping of column to value.

    Shape: encoded (P, 2) uint8, which `expand` makes (B, P) int64.
    """

    kinds: dict[str, Kind] = {}
    """What columns are, where that is not what they look like: {zip = "category"}."""
    leave_out: tuple[str, ...] = ()
    """Columns that are not learned, and not made."""
    target: str = ""
    """The column that the others are asked to foretell when the run is judged; unset: the last one that suits."""
    cells: int = Field(64, ge=4, le=4096)
    """Cells that the numbers of a column are first cut into."""
    finer: int = Field(32, ge=1, le=256)
    """Finer cells in each of them."""
    exact: int = Field(150, ge=1, le=4096)
    """Numbers of at most so many different values are kept as they are."""
    rare: int = Field(2, ge=1)
    """Levels that fewer records have are never made: they would give those records away."""
    key: str = ""
    """The column that names its record (or several, with commas between): unique in every file that is made, and never
    a real one."""
    constraints: tuple[Constraint, ...] = ()
    """What always holds and is kept exactly, of four kinds: {kind = "inequality", low = "start", high = "end"},
    {kind = "fixed", columns = ["city", "country"]}, {kind = "unique", columns = ["email"]} and
    {kind = "formula", column = "total", equals = "price * quantity"}."""
    encoders: tuple[Encoder, ...] = ()
    """The fitted columns, in order."""
    rules: tuple[Constraint, ...] = ()
    """The fitted constraints."""
    names: tuple[str, ...] = ()
    """The columns of the table, in order."""
    remarks: tuple[str, ...] = ()
    """What fitting found."""

    makes: ClassVar[Makes] = "records"
    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".parquet", ".tsv")
    fitted: ClassVar[tuple[str, ...]] = ("encoders", "rules", "names", "remarks")  # of the data; no recipe holds them

    @property
    def spec(self) -> TensorSpec:
        """What a model sees."""
        columns = tuple(encoder.column for encoder in self.encoders)
        width = sum(len(column.levels) + column.free for column in columns)
        return TensorSpec(shape=(width,), columns=columns)

    @property
    def columns(self) -> list[str]:
        """Their names, in order."""
        return list(self.names) or [encoder.name for encoder in self.encoders]

    @property
    def kinds_of(self) -> dict[str, Kind]:
        """What each column is."""
        kinds = {encoder.name: encoder.kind for encoder in self.encoders} | self.rulebook.kinds
        return {name: kinds[name] for name in self.columns}

    @property
    def rulebook(self) -> Rulebook:
        """The constraints at work."""
        return Rulebook(self.rules)

    @property
    def unique(self) -> list[tuple[str, ...]]:
        """Columns whose values together must differ in every record, and would not by themselves."""
        named = {encoder.name for encoder in self.encoders if encoder.kind == "identifier"}
        return [columns for columns in self.rulebook.unique if named.isdisjoint(columns)]

    def fit(self, raws: Iterable[Any]) -> Self:
        """Learn the columns from a sample: tables, or records as mappings; a fitted codec stays as it is.

        Raises:
            DataError: there are too few records, or no column that can be learned.
            ConfigError: a setting names a column that is not there.
        """
        if self.encoders:
            return self
        frame = _as_frame(raws)
        if len(frame) < _FEWEST:
            raise DataError(f"A table of {len(frame)} records says nothing. At least {_FEWEST} are needed, better 500.")
        for name in (*self.kinds, *self.leave_out, *self._named_keys, *filter(None, [self.target])):
            if name not in frame.columns:
                raise ConfigError(f"There is no column {name!r}. {suggest(name, [str(one) for one in frame.columns])}")
        frame = frame.drop(columns=list(self.leave_out))
        declared = (*self.constraints, *(Unique(columns=(name,)) for name in self._named_keys))
        book, remarks = Rulebook.fit(frame, declared)
        how = Fineness(cells=self.cells, finer=self.finer, exact=self.exact, rare=self.rare)
        encoders = []
        for name, values in book.learned(frame[book.holds(frame)].reset_index(drop=True)).items():
            if name in self._named_keys:
                encoder, found = fit_key(values)
            else:
                encoder, found = fit_column(values, self.kinds.get(name), how)
            encoders.append(encoder)
            remarks += found
        if not any(encoder.column.levels for encoder in encoders):
            raise DataError("No column holds anything to learn: all are constant, empty, or name their rows.")
        names = tuple(str(name) for name in frame.columns)
        fitted = {"encoders": tuple(encoders), "rules": book.rules, "names": names, "remarks": tuple(remarks)}
        return self.model_copy(update=fitted)

    def beyond(self, frame: DataFrame) -> Self:
        """The codec that makes none of the keys in this part of the real table either."""
        keys = {encoder.name: encoder.beyond(frame[encoder.name]) for encoder in self._keys}
        encoders = tuple(keys.get(encoder.name, encoder) for encoder in self.encoders)
        return self.model_copy(update={"encoders": encoders}) if keys else self

    def check_room(self, count: int) -> None:
        """Make sure that so many records can be told apart by their key.

        Raises:
            ConfigError: there are fewer names of the key's shape that are not real ones.
        """
        for encoder in self._keys:
            if (room := encoder.room(count)) < count:
                shapes = ", ".join(encoder.patterns[:3])
                raise ConfigError(
                    f"The key {encoder.name!r} has {room:,} names of its shape ({shapes}) that no real record has, and "
                    f"{count:,} are needed. Ask for fewer."
                )

    @property
    def _named_keys(self) -> list[str]:
        return [name.strip() for name in self.key.split(",") if name.strip()]

    @property
    def _keys(self) -> list[Identifier]:
        """The encoders of keys."""
        return [one for one in self.encoders if one.name in self._named_keys and isinstance(one, Identifier)]

    def holds(self, frame: DataFrame) -> NDArray[np.bool_]:
        """Which records of a table break no constraint. Shape: (N,)."""
        return self.rulebook.holds(frame)

    def keeps(self, frame: DataFrame) -> NDArray[np.bool_]:
        """Which could have been made: those whose combinations are known, too. Shape: (N,)."""
        found, learned = self.holds(frame), self.learned(frame)
        for encoder in self.encoders:
            if encoder.name not in self.columns and encoder.column.never:
                found &= encoder.encode(learned[encoder.name])[:, 0] != encoder.column.never[0]
        return found

    def encode_frame(self, frame: DataFrame) -> NDArray[np.int64]:
        """The codes of a table's records. Shape: (N, P).

        Raises:
            DataError: a column is missing.
        """
        return np.concatenate(list(self.encode_learned(self.learned(frame)).values()), axis=1)

    def encode_learned(self, learned: Mapping[str, Series]) -> dict[str, NDArray[np.int64]]:
        """The codes of some columns as they are learned. Shape: (N,) each -> (N, its positions) each."""
        return {one.name: one.encode(learned[one.name]) for one in self.encoders if one.name in learned}

    def decode_frame(self, codes: NDArray[np.int64], first: int = 0, only: Sequence[str] | None = None) -> DataFrame:
        """The table of codes, or `only` some of its columns; identifiers go by `first`, the number of its first record.

        Shape: (N, P).
        """
        import pandas as pd

        columns = self.columns if only is None else only
        learned = self.decode_learned(codes, first, self.rulebook.needed(columns))
        return pd.DataFrame(self.rulebook.made(learned, columns), copy=False)

    def decode_learned(
        self, codes: NDArray[np.int64], first: int = 0, only: Collection[str] | None = None
    ) -> dict[str, Series]:
        """The columns of codes as they are learned. Shape: (N, P)."""
        spans = zip(self.encoders, [0, *self._stops[:-1]], self._stops, strict=True)
        return {
            encoder.name: encoder.decode(codes[:, start:stop], first)
            for encoder, start, stop in spans
            if only is None or encoder.name in only
        }

    def learned(self, frame: DataFrame) -> dict[str, Series]:
        """The columns of a table as they are learned: where constraints make some, what these are made of.

        Raises:
            DataError: a column is missing.
        """
        if missing := [name for name in self.columns if name not in frame.columns]:
            raise DataError(f"The table lacks the columns {', '.join(map(repr, missing))}, which were learned.")
        return self.rulebook.learned(frame[self.columns].reset_index(drop=True))

    @cached_property
    def _stops(self) -> list[int]:
        widths = [len(encoder.column.levels) + encoder.column.free for encoder in self.encoders]
        return [int(stop) for stop in np.cumsum(widths)]

    def pack(self, codes: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Codes as they lie on the disk. Shape: (N, P) -> (N, P, 2)."""
        return codes.astype("<u2")[..., None].view(np.uint8)

    def encode(self, raw: Mapping[str, Any]) -> Tensor:
        """One record. Shape: (P, 2) uint8."""
        return torch.from_numpy(self.pack(self.encode_frame(_as_frame([raw])))[0].copy())

    def expand(self, stored: Tensor) -> Tensor:
        """As a model sees them. Shape: (B, P, 2) uint8 -> (B, P) int64."""
        parts = stored.to(torch.int64)
        return parts[..., 0] + 256 * parts[..., 1]

    def decode(self, x: Tensor) -> dict[str, Any]:
        """One record as a mapping. Shape: (P,)."""
        return self.decode_frame(x.numpy()[None]).iloc[0].to_dict()  # type: ignore[no-any-return]

    def write(self, samples: Sequence[Mapping[str, Any]], path: Path) -> Path:
        """Records as a .csv, .tsv or .parquet file."""
        return write_frames([_as_frame(samples)], path)

    def state(self) -> dict[str, Any]:
        """Everything that `from_state` needs."""
        return self.model_dump(mode="json")

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The codec of `state`."""
        return cls.read(state, "codec")


def _as_frame(raws: Iterable[Any]) -> DataFrame:
    import pandas as pd

    if isinstance(raws, pd.DataFrame):
        return raws
    given = list(raws)
    if given and isinstance(given[0], pd.DataFrame):
        return pd.concat(given, ignore_index=True)
    return pd.DataFrame(given)
