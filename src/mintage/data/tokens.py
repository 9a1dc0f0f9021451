"""A text as one flat, memory-mapped file of tokens, keyed by content; and which of them are held out."""

from __future__ import annotations

import array
import hashlib
import importlib.util
import json
import os
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from mintage import storage
from mintage.contracts import TokenCodec
from mintage.data.cache import check_space, fingerprint_of, new_packing, remove_stale, writing_to
from mintage.data.duplicates import exact_copies
from mintage.data.inspection import first_few
from mintage.data.near_texts import Sketches, groups_of
from mintage.data.order import indices
from mintage.data.packed import is_intact, names_in, read_meta, read_names
from mintage.data.text_report import CharacterTally, TextReport, told_encodings
from mintage.errors import DataError
from mintage.seeding import derive

__all__ = ["TokenPart", "Tokens", "pack_tokens", "split_tokens"]

_FORMAT = 1  # a higher one makes all older caches be packed again
_NEAR_SAMPLE = 200_000  # documents that near copies are sought among
_TALLIED = 1 << 18  # characters that are counted at once
_CHOSEN = 0.25  # of what is held out
_SLACK = 0.25  # of the share that is held out, by which whole documents may miss it
_CHANGED = "The text was changed while it was packed. Start again."
_FILES = {"starts": np.int64, "groups": np.int64}

Progress = Callable[[int, int], None]
Ranges = NDArray[np.int64]


class Document(Protocol):
    """One text of a source, to be read once."""

    @property
    def name(self) -> str: ...
    def pieces(self) -> Iterator[str]: ...


class Documents(Protocol):
    """A source of texts."""

    @property
    def size(self) -> int: ...  # bytes, about
    @property
    def encodings(self) -> Mapping[str, str]: ...  # of each file
    @property
    def num_unreadable(self) -> int: ...  # as far as the last pass has met them
    @property
    def unreadable(self) -> Sequence[tuple[str, str]]: ...  # (name, reason) of the first ones
    @property
    def remarks(self) -> Sequence[str]: ...
    def documents(self) -> Iterator[Document]: ...
    def fingerprint(self) -> str: ...


@dataclass(frozen=True, eq=False)
class Tokens:
    """All documents one after another as tokens; read from the disk as they are asked for."""

    x: NDArray[Any]  # (T,) uint8, uint16 or uint32
    starts: Ranges  # (D,) where each document begins, with its separator if there is one
    groups: Ranges  # (D,) the first document that it is a copy of, exactly or nearly; itself if none
    codec: TokenCodec
    fingerprint: str  # of the source
    folder: Path | None = None

    def __len__(self) -> int:
        return len(self.x)

    def names(self, documents: Iterable[int]) -> list[str]:
        """What the source calls these documents; one pass over the list of names."""
        return names_in(self.folder, documents)

    def verify(self) -> bool:
        """Read everything and compare with the hash of the packing; False means that the disk has changed it."""
        return is_intact(self.folder)

    @classmethod
    def open(cls, folder: Path, codec: type[TokenCodec]) -> Self:
        """Map a packed folder, read-only.

        Raises:
            DataError: it is not whole.
        """
        meta = _read_meta(folder)
        if meta is None:
            raise DataError(f"{folder} is not a whole packing. Remove it and pack again.")
        x = np.memmap(folder / "x.bin", np.dtype(meta["dtype"]), mode="r")
        starts, groups = (np.fromfile(folder / f"{name}.bin", dtype) for name, dtype in _FILES.items())
        return cls(x, starts, groups, codec.from_state(meta["codec"]), meta["fingerprint"], folder)


@dataclass(frozen=True, eq=False)
class TokenPart:
    """Some of the tokens: stretches [start, stop), in order. Its length counts tokens."""

    ranges: Ranges  # (R, 2)

    def __len__(self) -> int:
        return int((self.ranges[:, 1] - self.ranges[:, 0]).sum())


def pack_tokens(
    source: Documents,
    codec: TokenCodec,
    cache: Path,
    progress: Progress | None = None,
    documents_apart: bool | None = None,
) -> tuple[Tokens, TextReport]:
    """Fit the codec in a first pass, encode in a second, and report; the same text and codec are only mapped again.

    `documents_apart` says whether a token of its own begins each document; None: if there are several. `progress` is
    told (done, of) bytes of both passes, about. What grows with the data is 24 bytes a document (and 256 for each of
    at most 200,000, among which near copies are sought). Several processes may pack the same text at once.

    Raises:
        DataError: there is no text that can be read, it changes meanwhile, or the disk is full.
        ConfigError: the codec does not know all characters, or needs a package that is missing.
    """
    cache.mkdir(parents=True, exist_ok=True)
    fingerprint = fingerprint_of(source, cache)
    choosing = importlib.util.find_spec("tokenizers") is not None if codec.tokens is None else None
    key = ["text", _FORMAT, fingerprint, type(codec).__name__, codec.state(), choosing, documents_apart]
    folder = cache / hashlib.blake2b(json.dumps(key, sort_keys=True).encode(), digest_size=16).hexdigest()
    if _read_meta(folder) is None:
        if folder.exists() and _read_meta(folder) is None:
            shutil.rmtree(folder, ignore_errors=True)  # damaged from outside
        remove_stale(cache)
        with writing_to(cache), new_packing(folder) as temporary:
            _Packing(source, codec, fingerprint, temporary, progress).run(documents_apart)
    meta = _read_meta(folder)
    if meta is None:
        raise DataError(f"{folder} was changed while it was packed. Start again.")
    return Tokens.open(folder, type(codec)), TextReport.from_dict(meta["report"])


def split_tokens(tokens: Tokens, heldout: float, seed: int) -> tuple[TokenPart, TokenPart, TokenPart]:
    """(train, selection, heldout): the part `heldout` of the tokens is held out, of it the first quarter to choose by.

    Whole documents at random, with their exact and near copies on the same side, until the share is met within a
    quarter. Where documents are too large for that - one above all - the last part of each large one is held out, so
    a single text is cut into its beginning, which is learned, and its end: the last tenth, as is usual in the field.
    """
    stops = np.append(tokens.starts[1:], len(tokens))
    sizes = stops - tokens.starts
    target = len(tokens) - int(len(tokens) * (1 - heldout))
    whole, large = _chosen(tokens.groups, sizes, target, seed)
    missing = target - int(sizes[whole].sum())
    tails = np.empty((0, 2), np.int64)
    if len(large) and missing > _SLACK * target:
        cuts = stops[large] - np.round(sizes[large] * (missing / sizes[large].sum())).astype(np.int64)
        tails = np.stack([cuts, stops[large]], axis=1)
    held = _ordered(np.concatenate([np.stack([tokens.starts[whole], stops[whole]], axis=1), tails]))
    picking = _quarter(tokens, whole, sizes, stops)
    middles = tails[:, 0] + ((tails[:, 1] - tails[:, 0]) * _CHOSEN).astype(np.int64)
    selection = _ordered(np.concatenate([picking, np.stack([tails[:, 0], middles], axis=1)]))
    judging = _without(held, selection)
    train = _without(np.array([[0, len(tokens)]], np.int64), held)
    return TokenPart(train), TokenPart(selection), TokenPart(judging)


def _chosen(groups: Ranges, sizes: Ranges, target: int, seed: int) -> tuple[Ranges, Ranges]:
    """(documents that are held out whole, in random order of groups; documents of groups that are too large for it)."""
    heads, group_of = np.unique(groups, return_inverse=True)
    weights = np.bincount(group_of, weights=sizes).astype(np.int64)
    most = target * (1 + _SLACK)
    order = indices(0, len(heads), len(heads), derive(seed, "documents"))
    order = order[weights[order] <= most]
    taken, total = [], 0
    for group, weight in zip(order.tolist(), weights[order].tolist(), strict=True):
        if total >= target * (1 - _SLACK / 2):
            break
        if total + weight <= most:
            taken.append(group)
            total += weight
    rank = np.full(len(heads), len(heads))
    rank[taken] = np.arange(len(taken))
    places = rank[group_of]
    chosen = np.flatnonzero(places < len(heads))
    return chosen[np.argsort(places[chosen], kind="stable")], np.flatnonzero(weights[group_of] > most)


def _quarter(tokens: Tokens, whole: Ranges, sizes: Ranges, stops: Ranges) -> Ranges:
    """The first quarter of what is held out whole: where a group ends if one does about there, else cut inside."""
    if not len(whole):
        return np.empty((0, 2), np.int64)
    ends = np.cumsum(sizes[whole])
    wanted = ends[-1] * _CHOSEN
    closed = np.append(np.flatnonzero(np.diff(tokens.groups[whole])), [])  # last documents of groups but the very last
    if len(closed):
        last = int(closed[np.argmin(np.abs(ends[closed.astype(np.int64)] - wanted))])
        if abs(ends[last] - wanted) <= 2 * _SLACK * wanted:
            return np.stack([tokens.starts[whole[: last + 1]], stops[whole[: last + 1]]], axis=1)
    last = int(np.searchsorted(ends, wanted))
    left = int(wanted) - (int(ends[last - 1]) if last else 0)
    ranges = np.stack([tokens.starts[whole[: last + 1]], stops[whole[: last + 1]]], axis=1)
    ranges[-1, 1] = ranges[-1, 0] + left
    return ranges


def _ordered(ranges: Ranges) -> Ranges:
    """Sorted, without empty ones, and those that touch made one."""
    ranges = ranges[ranges[:, 0] < ranges[:, 1]]
    ranges = ranges[np.argsort(ranges[:, 0])]
    if not len(ranges):
        return ranges
    apart = ranges[1:, 0] > ranges[:-1, 1]
    return np.stack([ranges[np.append(True, apart), 0], ranges[np.append(apart, True), 1]], axis=1)


def _without(whole: Ranges, out: Ranges) -> Ranges:
    """What is in ordered ranges and not in others that lie within them."""
    if not len(out):
        return whole
    edges = np.concatenate([whole, out[:, ::-1]])
    starts, stops = np.sort(edges[:, 0]), np.sort(edges[:, 1])
    return _ordered(np.stack([starts, stops], axis=1))


class _Packing:
    """Two passes over a source: what is in it, then its tokens."""

    def __init__(
        self, source: Documents, codec: TokenCodec, fingerprint: str, folder: Path, progress: Progress | None
    ) -> None:
        self.source, self.codec, self.fingerprint, self.folder = source, codec, fingerprint, folder
        self.progress = progress or (lambda done, of: None)
        self.total, self.done = 2 * source.size, 0
        self.tally, self.sha = CharacterTally(), hashlib.sha256()
        self.count = self.length = 0

    def run(self, documents_apart: bool | None) -> None:
        before = _stamp(self.source)
        pieces = self._watched()
        fitted = self.codec.fit(pieces)
        deque(pieces, 0)  # a codec that is fitted already doesn't read them
        if not self.count:
            raise DataError("There is not one document that can be read.")
        self.codec = fitted.with_separator(self.count > 1 if documents_apart is None else documents_apart)
        facts = self.tally.facts()
        dtype = np.dtype(np.min_scalar_type(self.codec.num_tokens - 1))
        at_most = facts["characters"] if self.codec.tokens == "char" else facts["bytes"]
        check_space(self.folder, (at_most if self.codec.tokens in ("char", "byte") else at_most // 4) * dtype.itemsize)
        starts, digests, sketches = self._encode(dtype)
        if len(starts) != self.count or _stamp(self.source) != before:
            raise DataError(_CHANGED)
        copies, groups = self._compared(digests, sketches)
        for name, values in (("starts", starts), ("groups", groups)):
            (self.folder / f"{name}.bin").write_bytes(values.astype(np.int64).tobytes())
        meta = {
            "format": _FORMAT,
            "shape": [self.length * dtype.itemsize],  # of bytes, as a packing has it
            "classes": [],
            "dtype": dtype.name,
            "documents": self.count,
            "sha256": self.sha.hexdigest(),
            "codec": self.codec.state(),
            "fingerprint": self.fingerprint,
            "report": self._report({**facts, **copies}).as_dict(),
        }
        storage.write_json(self.folder / "meta.json", meta)

    def _watched(self) -> Iterator[str]:
        """All pieces, tallied."""
        kept: list[str] = []
        size = 0
        for document in self.source.documents():
            self.count += 1
            for piece in document.pieces():
                kept.append(piece)
                size += len(piece)
                if size >= _TALLIED:
                    self.tally.add("".join(kept))
                    kept, size = [], 0
                self._tell(piece)
                yield piece
        self.tally.add("".join(kept))

    def _encode(self, dtype: np.dtype[Any]) -> tuple[Ranges, NDArray[np.uint64], Sketches]:
        starts, digests = array.array("q"), array.array("Q")
        sketches = Sketches(self.count, -(-self.count // _NEAR_SAMPLE))
        between = np.array(self.codec.between, dtype)
        with (
            (self.folder / "x.bin").open("wb") as file,
            (self.folder / "names.txt").open("w", encoding="utf-8") as names,
        ):
            for row, document in enumerate(self.source.documents()):
                if row == self.count:
                    raise DataError(_CHANGED)
                starts.append(self.length)
                digest = hashlib.blake2b(digest_size=8)
                self._write(file, between)
                for place, piece in enumerate(document.pieces()):
                    self._write(file, self.codec.encode(piece, begins=place == 0).numpy().astype(dtype))
                    digest.update(piece.encode())
                    if self.count > 1:
                        sketches.add(row, piece)
                    self._tell(piece)
                digests.append(int.from_bytes(digest.digest(), "little"))
                names.write(json.dumps(document.name.encode("utf-8", "backslashreplace").decode()) + "\n")
            for written in (file, names):
                written.flush()
                os.fsync(written.fileno())
        return np.array(starts, np.int64), np.array(digests, np.uint64), sketches

    def _write(self, file: IO[bytes], tokens: NDArray[Any]) -> None:
        data = tokens.tobytes()
        file.write(data)
        self.sha.update(data)
        self.length += len(tokens)

    def _compared(self, digests: NDArray[np.uint64], sketches: Sketches) -> tuple[dict[str, Any], Ranges]:
        """Fields of the report about copies, and the group of each document."""
        if self.count < 2:
            return {"num_compared": self.count}, np.zeros(self.count, np.int64)
        same = exact_copies(digests)
        later = np.concatenate([np.empty(0, np.int64), *[group[1:] for group in same]])
        pairs = sketches.pairs()
        links = [np.stack([np.full(len(group) - 1, group[0]), group[1:]], axis=1) for group in same]
        groups = groups_of(self.count, np.concatenate([pairs, *links]))
        near = pairs[(digests[pairs[:, 0]] != digests[pairs[:, 1]]) & ~np.isin(pairs[:, 1], later)]
        shown_groups, shown_near = [group[:10].tolist() for group in first_few(same)], first_few(near.tolist())
        wanted = sorted({row for rows in (*shown_groups, *shown_near) for row in rows})
        name = dict(zip(wanted, read_names(self.folder, wanted), strict=True))
        facts = {
            "num_copies": len(later),
            "copies": tuple(tuple(name[row] for row in group) for group in shown_groups),
            "num_near": len(np.unique(near[:, 1])),
            "near": tuple((name[first], name[second]) for first, second in shown_near),
            "num_compared": len(sketches.table),
        }
        return facts, groups

    def _report(self, facts: dict[str, Any]) -> TextReport:
        return TextReport(
            count=self.count,
            tokens=self.length,
            vocabulary=self.codec.num_tokens,
            kind=str(self.codec.tokens),
            has_separator=self.codec.has_separator,
            num_unreadable=self.source.num_unreadable,
            unreadable=tuple(self.source.unreadable),
            remarks=tuple(self.source.remarks),
            **told_encodings(self.source.encodings),
            **facts,
        )

    def _tell(self, piece: str) -> None:
        self.done += len(piece) if piece.isascii() else len(piece.encode())
        self.progress(min(self.done, self.total), self.total)


def _stamp(source: Any) -> str:
    return str(source.stamp()) if hasattr(source, "stamp") else ""


def _read_meta(folder: Path) -> dict[str, Any] | None:
    """The facts of a packing, or None if it isn't whole."""
    meta = read_meta(folder)
    try:
        whole = meta is not None and all(
            (folder / f"{name}.bin").stat().st_size == np.dtype(dtype).itemsize * meta["documents"]
            for name, dtype in _FILES.items()
        )
    except (OSError, KeyError):
        return None
    return meta if whole else None
