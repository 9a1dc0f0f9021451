"""Packs a table: a codec fitted to a sample of its records, then all of them as codes in one file that is mapped."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from mintage import storage
from mintage.contracts import Codec
from mintage.data.cache import check_space, fingerprint_of, new_packing, remove_stale, writing_to
from mintage.data.duplicates import digests
from mintage.data.packed import Packed, read_meta
from mintage.data.table_report import ColumnFacts, TableReport
from mintage.errors import DataError
from mintage.seeding import derive

if TYPE_CHECKING:
    from pandas import DataFrame, Series

    from mintage.tabular.rulebook import Rulebook

__all__ = ["RecordCodec", "TableSource", "pack_table"]

_FORMAT = 2  # a higher one makes all older caches be packed again
_SAMPLE_ROWS, _SAMPLE_VALUES = 200_000, 20_000_000  # that the codec is fitted to, at most

Progress = Callable[[int, int], None]


class TableSource(Protocol):
    """A source of records in parts."""

    @property
    def size(self) -> int: ...  # bytes
    @property
    def remarks(self) -> Sequence[str]: ...
    @property
    def num_unreadable(self) -> int: ...  # lines that the last pass left out
    @property
    def unreadable(self) -> Sequence[tuple[str, str]]: ...
    def frames(self) -> Iterator[DataFrame]: ...
    def fingerprint(self) -> str: ...


class RecordCodec(Codec, Protocol):
    """A codec of whole tables."""

    fitted: Sequence[str]  # settings that come from the data: no recipe holds them

    @property
    def target(self) -> str: ...  # the column that the others are asked to foretell; "": not said
    @property
    def columns(self) -> list[str]: ...
    @property
    def kinds_of(self) -> Mapping[str, Any]: ...
    @property
    def remarks(self) -> Sequence[str]: ...
    def encode_frame(self, frame: DataFrame) -> NDArray[np.int64]: ...  # (N, P)
    def decode_frame(
        self, codes: NDArray[np.int64], first: int = 0, only: Sequence[str] | None = None
    ) -> DataFrame: ...
    def encode_learned(self, learned: Mapping[str, Series]) -> dict[str, NDArray[np.int64]]: ...
    def decode_learned(
        self, codes: NDArray[np.int64], first: int = 0, only: Collection[str] | None = None
    ) -> dict[str, Series]: ...
    def learned(self, frame: DataFrame) -> Mapping[str, Series]: ...  # its columns as `spec.columns` has them
    @property
    def rulebook(self) -> Rulebook: ...  # what is kept exactly
    @property
    def unique(self) -> Sequence[tuple[str, ...]]: ...  # columns that must differ, and would not by themselves
    def holds(self, frame: DataFrame) -> NDArray[np.bool_]: ...  # (N,): which records break no constraint
    def keeps(self, frame: DataFrame) -> NDArray[np.bool_]: ...  # (N,): which could have been made
    def beyond(self, frame: DataFrame) -> Self: ...  # makes none of these keys
    def check_room(self, count: int) -> None: ...  # raises ConfigError: so many cannot be told apart
    def pack(self, codes: NDArray[np.int64]) -> NDArray[np.uint8]: ...  # (N, P) -> (N, *stored)


def pack_table(
    source: TableSource, codec: RecordCodec, cache: Path, progress: Progress | None = None
) -> tuple[Packed, TableReport]:
    """Fit the codec to a sample in a first pass, encode in a second; the same table and codec are only mapped again.

    In memory at once: a sample of at most 200,000 records and 20 million values, and one part of the file.

    Raises:
        DataError: there is nothing to learn from, the table changes meanwhile, or the disk is full.
    """
    cache.mkdir(parents=True, exist_ok=True)
    fingerprint = fingerprint_of(source, cache)
    key = json.dumps(["table", _FORMAT, fingerprint, type(codec).__name__, codec.state()], sort_keys=True)
    folder = cache / hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
    if read_meta(folder) is None:
        remove_stale(cache)
        with writing_to(cache), new_packing(folder) as temporary:
            _pack(source, codec, fingerprint, temporary, progress or (lambda done, of: None))
    meta = read_meta(folder)
    if meta is None:
        raise DataError(f"{folder} was changed while it was packed. Start again.")
    return Packed.open(folder, type(codec)), TableReport.from_dict(meta["report"])


def _pack(source: TableSource, codec: RecordCodec, fingerprint: str, folder: Path, progress: Progress) -> None:
    frame, count = _sampled(source.frames())
    codec = codec.fit([frame])
    facts = _facts(frame, codec)
    sha, words, read, done = hashlib.sha256(), [], 0, 0
    stored: tuple[int, ...] = ()
    with (folder / "x.bin").open("wb") as file:
        for part in source.frames():
            read += len(part)
            part = part[codec.holds(part)]
            codec = codec.beyond(part)
            rows = codec.pack(codec.encode_frame(part))
            if not stored:
                stored = rows.shape[1:]
                check_space(folder, count * int(np.prod(stored)))
            data = rows.tobytes()
            file.write(data)
            sha.update(data)
            words.append(digests(rows))
            done += len(rows)
            progress(read, count)
        file.flush()
        os.fsync(file.fileno())
    if read != count:
        raise DataError("The table was changed while it was packed. Start again.")
    report = TableReport(
        count=done,
        columns=facts,
        num_copies=done - len(np.unique(np.concatenate(words))),
        sampled=len(frame),
        num_unreadable=source.num_unreadable,
        unreadable=tuple(source.unreadable),
        remarks=(*source.remarks, *codec.remarks),
    )
    meta = {
        "format": _FORMAT, "shape": (done, *stored), "sha256": sha.hexdigest(), "classes": [], "codec": codec.state(),
        "fingerprint": fingerprint, "report": report.as_dict(),
    }  # fmt: skip
    storage.write_json(folder / "meta.json", meta)


def _sampled(frames: Iterator[DataFrame]) -> tuple[DataFrame, int]:
    """Records drawn evenly from all, in order, and how many there are: every record, while they are few enough."""
    import pandas as pd

    kept: DataFrame | None = None
    keys: NDArray[np.float64] = np.empty(0)
    count = 0
    rng = np.random.default_rng(derive(0, "sample of a table"))
    for frame in frames:
        most = min(_SAMPLE_ROWS, max(_SAMPLE_VALUES // max(frame.shape[1], 1), 1_000))
        kept = frame if kept is None else pd.concat([kept, frame], ignore_index=True)
        keys = np.append(keys, rng.random(len(frame)))
        count += len(frame)
        if len(kept) > most:
            rows = np.sort(np.argpartition(keys, most)[:most])
            kept, keys = kept.iloc[rows].reset_index(drop=True), keys[rows]
    assert kept is not None, "a source without records raises"
    return kept.reset_index(drop=True), count


def _facts(frame: DataFrame, codec: RecordCodec) -> tuple[ColumnFacts, ...]:
    from mintage.tabular.values import is_missing

    kinds = codec.kinds_of
    found = []
    for name in frame.columns:
        values = frame[name]
        gone = is_missing(values)
        there = values[~gone]
        found.append(
            ColumnFacts(
                name=str(name),
                kind=kinds.get(name, "left out"),
                missing=float(gone.mean()),
                distinct=int(there.nunique()),
                common=tuple(str(value) for value in there.value_counts().index[:3])
                if kinds.get(name) in _LISTED
                else (),
            )
        )
    return tuple(found)


_LISTED = ("category", "boolean")
