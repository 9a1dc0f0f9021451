"""Decodes a source once into a memory-mapped file of uint8, keyed by content, and reports what it found."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mintage import storage
from mintage.contracts import Codec, Example, Source
from mintage.data import duplicates
from mintage.data.cache import check_space, fingerprint_of, new_packing, remove_stale, writing_to
from mintage.data.inspection import DataReport, Tally, first_few, list_bad
from mintage.data.packed import Packed, read_meta, read_names
from mintage.errors import DataError

__all__ = ["Packed", "pack", "raw_sample"]

_FORMAT = 1  # a higher one makes all older caches be packed again
_FIT_SAMPLE = 256
_CHUNK = 32  # examples a thread encodes at a time ...
_CHUNK_BYTES = 32 << 20  # ... or fewer, if they come as that many bytes
_NEAR_SAMPLE = 200_000


def pack(
    source: Source,
    codec: Codec,
    cache: Path,
    *,
    max_bad: float = 0.1,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Packed, DataReport]:
    """Fit the codec, encode every example into `cache`, and report; the same data and codec are only mapped again.

    Unreadable examples are left out and reported. `progress` is told (done, of) as it goes. What grows with the data
    is 16 bytes an example, and the source's own list of names. Several processes may pack the same data at once.

    Raises:
        DataError: more than the part `max_bad` can't be read, nothing can, or the disk is full.
    """
    cache.mkdir(parents=True, exist_ok=True)
    fingerprint = fingerprint_of(source, cache)
    key = [_FORMAT, fingerprint, list(source.classes), type(codec).__name__, codec.state()]
    folder = cache / hashlib.blake2b(json.dumps(key, sort_keys=True).encode(), digest_size=16).hexdigest()
    if read_meta(folder) is None:
        remove_stale(cache)
        with writing_to(cache), new_packing(folder) as temporary:
            _Packing(source, codec, fingerprint, temporary, max_bad, progress).run()
    meta = read_meta(folder)
    if meta is None:
        raise DataError(f"{folder} was changed while it was packed. Start again.")
    report = DataReport.from_dict(meta["report"])
    _check_bad(report.unreadable, report.num_unreadable, report.num_unreadable + report.count, max_bad)
    return Packed.open(folder, type(codec)), report


class _Part(NamedTuple):
    """Some examples in a row, encoded."""

    x: NDArray[np.uint8] | None
    names: list[str]
    conditions: list[int]
    facts: list[dict[str, Any]]
    bad: list[tuple[str, str]]
    words: NDArray[np.uint64]
    thumbs: NDArray[np.uint8] | None


class _Packing:
    """One pass: encoded in threads, written in order."""

    def __init__(
        self,
        source: Source,
        codec: Codec,
        fingerprint: str,
        folder: Path,
        max_bad: float,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.source, self.fingerprint, self.folder, self.max_bad = source, fingerprint, folder, max_bad
        self.progress = progress or (lambda done, of: None)
        self.codec = codec.fit(raw_sample(source))
        self.tally, self.sha = Tally(), hashlib.sha256()
        self.shape: tuple[int, ...] = ()
        self.count = 0
        self.class_counts = np.zeros(len(source.classes), np.int64)
        self.words: list[NDArray[np.uint64]] = []
        self.thumbs: list[NDArray[np.uint8]] = []
        self.stride = -(-len(source) // _NEAR_SAMPLE)  # of the images that near copies are sought among

    def run(self) -> None:
        total = len(self.source)
        with (
            (self.folder / "x.bin").open("wb") as pixels,
            (self.folder / "condition.bin").open("wb") as conditions,
            (self.folder / "names.txt").open("w", encoding="utf-8") as names,
        ):
            for done, part in self._parts():
                for name, reason in part.bad:
                    self.tally.add_bad(name, reason)
                if part.x is not None:
                    self._write(part, pixels, conditions, names)
                _check_bad(self.tally.unreadable, self.tally.num_unreadable, total, self.max_bad)
                self.progress(done, total)
            for file in (pixels, conditions, names):
                file.flush()
                os.fsync(file.fileno())
        if not self.count:
            raise DataError("There is not one example that can be read.")
        storage.write_json(self.folder / "meta.json", self._meta())

    def _write(self, part: _Part, pixels: IO[bytes], conditions: IO[bytes], names: IO[str]) -> None:
        assert part.x is not None
        if not self.shape:
            self.shape = part.x.shape[1:]
            check_space(self.folder, len(self.source) * part.x[0].nbytes)
        data = part.x.tobytes()
        pixels.write(data)
        self.sha.update(data)
        if part.conditions:
            conditions.write(np.array(part.conditions, np.int64).tobytes())
            self.class_counts += np.bincount(part.conditions, minlength=len(self.class_counts))
        names.writelines(json.dumps(name) + "\n" for name in part.names)
        for facts in part.facts:
            self.tally.add(facts)
        self.words.append(part.words)
        if part.thumbs is not None:
            self.thumbs.append(part.thumbs[-self.count % self.stride :: self.stride].copy())
        self.count += len(part.x)

    def _parts(self) -> Iterator[tuple[int, _Part]]:
        """(examples done, part) in order, a bounded number of them ahead."""
        workers = min(8, os.cpu_count() or 1)
        pool = ThreadPoolExecutor(workers, "mintage-packing")
        waiting: deque[tuple[int, Future[_Part]]] = deque()
        try:
            for done, chunk, bad in _chunks(self.source):
                waiting.append((done, pool.submit(_encode, self.codec, chunk, bad)))
                if len(waiting) > 2 * workers:
                    ready, future = waiting.popleft()
                    yield ready, future.result()
            for ready, future in waiting:
                yield ready, future.result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _meta(self) -> dict[str, Any]:
        shape = (self.count, *self.shape)
        return {
            "format": _FORMAT,
            "shape": shape,
            "sha256": self.sha.hexdigest(),
            "classes": list(self.source.classes),
            "codec": self.codec.state(),
            "fingerprint": self.fingerprint,
            "report": self._report(np.memmap(self.folder / "x.bin", np.uint8, mode="r", shape=shape)).as_dict(),
        }

    def _report(self, x: NDArray[np.uint8]) -> DataReport:
        words = np.concatenate(self.words)
        groups = duplicates.exact_copies(words)
        num_copies = sum(len(group) - 1 for group in groups)
        near, num_compared, is_complete = np.empty((0, 2), np.int64), 0, True
        if self.thumbs:
            rows = np.arange(0, self.count, self.stride)
            copies = np.concatenate([np.empty(0, np.int64), *[group[1:] for group in groups]])
            single = ~np.isin(rows, copies)
            thumbs = np.concatenate(self.thumbs)[single]
            near, is_complete = duplicates.near_copies(x, rows[single], thumbs)
            num_compared = int(single.sum())
        shown_groups = [group[:10].tolist() for group in first_few(groups)]
        shown_near = first_few(near.tolist())
        wanted = sorted({row for rows in (*shown_groups, *shown_near) for row in rows})
        name = dict(zip(wanted, read_names(self.folder, wanted), strict=True))
        return DataReport(
            count=self.count,
            stored=self.shape,
            classes=dict(zip(self.source.classes, self.class_counts.tolist(), strict=True)),
            num_copies=num_copies,
            copies=tuple(tuple(name[row] for row in group) for group in shown_groups),
            num_near=len(np.unique(near[:, 1])),
            near=tuple((name[first], name[second]) for first, second in shown_near),
            num_compared=num_compared,
            near_complete=is_complete,
            remarks=tuple(getattr(self.source, "remarks", ())),
            **self.tally.facts(),
        )


def _chunks(source: Source) -> Iterator[tuple[int, list[Example], list[tuple[str, str]]]]:
    """(examples so far, some more of them, those that the source itself can't read)."""
    chunk: list[Example] = []
    bad: list[tuple[str, str]] = []
    size = 0
    for index in range(len(source)):
        try:
            example = source[index]
            chunk.append(example)
            size += len(example.x) if isinstance(example.x, bytes) else 0
        except DataError as error:
            bad.append((f"example {index}", str(error)))
        if len(chunk) + len(bad) >= _CHUNK or size >= _CHUNK_BYTES:
            yield index + 1, chunk, bad
            chunk, bad, size = [], [], 0
    if chunk or bad:
        yield len(source), chunk, bad


def _encode(codec: Codec, chunk: list[Example], bad: list[tuple[str, str]]) -> _Part:
    """What a thread does."""
    inspect = getattr(codec, "inspect", None)
    rows, kept, facts = [], [], []
    for example in chunk:
        try:
            if inspect is None:
                rows.append(codec.encode(example.x).numpy())
            else:
                stored, seen = inspect(example.x)
                rows.append(stored.numpy())
                facts.append(seen)
            kept.append(example)
        except DataError as error:
            bad.append((example.name, str(error)))
    names = [example.name.encode("utf-8", "backslashreplace").decode() for example in kept]
    conditions = [int(example.condition) for example in kept if example.condition is not None]
    if not rows:
        return _Part(None, [], [], [], bad, np.empty(0, np.uint64), None)
    x = np.stack(rows)
    thumbs = duplicates.thumbnails(x) if x.ndim == 4 else None
    return _Part(x, names, conditions, facts, bad, duplicates.digests(x), thumbs)


def raw_sample(source: Source) -> Iterator[Any]:
    """Raw examples evenly over the source, for the codec to fit."""
    for index in np.unique(np.linspace(0, len(source) - 1, _FIT_SAMPLE).astype(int)).tolist():
        with contextlib.suppress(DataError):  # it will be reported when its turn comes
            yield source[index].x


def _check_bad(bad: Sequence[tuple[str, str]], count: int, total: int, max_bad: float) -> None:
    if count > max_bad * total:
        raise DataError(
            f"{count:,} of {total:,} examples can't be read so far; at most {max_bad:.0%} may be: "
            f"{list_bad(bad, count)}. Remove or repair them."
        )
