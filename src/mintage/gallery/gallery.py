"""The gallery: a folder of made files, an append-only log of them, and what people thought; nothing is ever lost.

A file is on the disk before its line is in the log, and what a crash left without a line is taken in at the next start
by what the file itself says. What is removed keeps its file for a month, so that it can be taken back.
"""

from __future__ import annotations

import os
import time
from bisect import insort
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from mintage.errors import ConfigError, DataError
from mintage.gallery.imprint import read_imprint
from mintage.gallery.ledger import Ledger
from mintage.gallery.making import Made, open_source
from mintage.gallery.small import size_of, small_bytes
from mintage.storage import write_bytes, write_json

__all__ = ["Gallery", "Item", "NoItem"]

_KINDS = {".png": "picture", ".webp": "film", ".txt": "text", ".csv": "table"}
_KEPT = timedelta(days=30)  # that removed files can be taken back
_MOST_TAGS, _LONGEST_TAG = 20, 60


class NoItem(DataError):
    """The gallery holds nothing under this id."""

    status = 404


@dataclass(slots=True)
class Item:
    """One thing in the gallery."""

    id: str
    run: str
    kind: str
    made: str
    width: int
    height: int
    settings: dict[str, Any]
    suffix: str
    excerpt: str = ""
    thumb: int = 0
    tags: list[str] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """As it goes over HTTP."""
        small = f"/api/gallery/{self.id}/small" if self.kind in ("picture", "film") else None
        return {
            "id": self.id, "run": self.run, "kind": self.kind, "made": self.made, "width": self.width,
            "height": self.height, "settings": self.settings, "excerpt": self.excerpt, "thumb": self.thumb,
            "tags": self.tags, "file": f"/api/gallery/{self.id}/file", "small": small,
        }  # fmt: skip


class Gallery:
    """All that was made, by id; ids sort by time. Methods may be called from any thread."""

    def __init__(self, folder: Path) -> None:
        self.files, self.smalls, self.sources = folder / "files", folder / "small", folder / "sources"
        for place in (self.files, self.smalls, self.sources):
            place.mkdir(parents=True, exist_ok=True)
        self.log, self.feedback = Ledger(folder / "gallery.jsonl"), Ledger(folder / "feedback.jsonl")
        self._items: dict[str, Item] = {}
        self._removed: dict[str, str] = {}  # id: when
        self._order: list[str] = []
        self._newest = 0
        self._lock = Lock()
        self._read()

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, id: str) -> Item:
        """Raises NoItem: there is none, or it was removed."""
        if id in self._removed or id not in self._items:
            raise NoItem(f"There is nothing under {id[:40]!r} in the gallery. It may have been removed.")
        return self._items[id]

    def add(self, things: Sequence[Made]) -> list[Item]:
        """Keep what was made: files first, then their lines."""
        items = []
        for thing in things:
            id = self._new_id()
            width, height = thing.size
            settings = dict(thing.settings)
            made = datetime.now(UTC).isoformat(timespec="seconds")
            item = Item(id, settings["run"], thing.kind, made, width, height, settings, thing.suffix, thing.excerpt)
            if thing.kind in ("text", "table"):
                write_json(self.files / f"{id}.json", {"settings": settings})
            write_bytes(self.files / f"{id}{thing.suffix}", thing.data)
            items.append(item)
        self._note(items)
        return items

    def remove(self, id: str) -> Item:
        """Take something out; its file stays for a month.

        Raises:
            NoItem: there is none.
        """
        item = self[id]
        self.log.add([{"did": "removed", "id": id, "when": _now()}])
        with self._lock:
            self._removed[id] = _now()
            self._order.remove(id)
        return item

    def restore(self, id: str) -> Item:
        """Take a removal back.

        Raises:
            NoItem: nothing of this id was removed, or its file is gone.
        """
        item = self._items.get(id)
        if item is None or not self.path(item).is_file():
            raise NoItem(f"There is nothing under {id[:40]!r} that could be taken back.")
        if id in self._removed:
            self.log.add([{"did": "restored", "id": id, "when": _now()}])
            with self._lock:
                if self._removed.pop(id, None) is not None:
                    insort(self._order, id)
        return item

    def judge(self, id: str, thumb: int | None = None, tags: Sequence[str] | None = None) -> Item:
        """Note what a person thinks: thumb -1, 0 or 1, and tags; what is None stays.

        Raises:
            NoItem: there is none.
            ConfigError: another thumb, or tags that are too long or too many.
        """
        item = self[id]
        row: dict[str, Any] = {"id": id, "when": _now()}
        if thumb is not None:
            if thumb not in (-1, 0, 1):
                raise ConfigError(f"A thumb is -1, 0 or 1, not {thumb}.")
            row["thumb"] = thumb
        if tags is not None:
            row["tags"] = _clean(tags)
        if len(row) > 2:
            self.feedback.add([row])
            _judged(item, row)
        return item

    def ids(self, **which: Any) -> list[str]:
        """Ids of all that fits, the newest first. Keywords as of `matches`."""
        order = self._order[::-1]
        if not any(value not in (None, "") for value in which.values()):
            return order
        return [id for id in order if matches(self._items[id], **which)]

    def page(self, after: str = "", limit: int = 200, **which: Any) -> tuple[list[Item], str | None, int]:
        """So many items after an id, the newest first; the id to go on after, if any; how many fit in all."""
        fitting = self.ids(**which)
        start = 0
        if after:
            low, high = 0, len(fitting)  # ids fall: the first that is smaller than `after`
            while low < high:
                middle = (low + high) // 2
                low, high = (middle + 1, high) if fitting[middle] >= after else (low, middle)
            start = low
        some = fitting[start : start + limit]
        more = some[-1] if some and start + limit < len(fitting) else None
        return [self._items[id] for id in some], more, len(fitting)

    def tags(self) -> list[str]:
        """All tags that are in use, sorted."""
        return sorted({tag for id in self._order for tag in self._items[id].tags})

    def runs(self) -> list[str]:
        """All runs of which something is here, sorted."""
        return sorted({self._items[id].run for id in self._order})

    def path(self, item: Item) -> Path:
        """Where its file lies."""
        return self.files / f"{item.id}{item.suffix}"

    def small(self, id: str) -> bytes:
        """A small WebP of a picture or of a film's first frame, made at the first asking.

        Raises:
            NoItem: there is none, it has no picture, or its file is damaged.
        """
        item = self[id]
        if item.kind not in ("picture", "film"):
            raise NoItem(f"{id} is a {item.kind}, of which there is no small picture.")
        place = self.smalls / f"{id}.webp"
        with suppress(OSError):
            return place.read_bytes()
        try:
            data = small_bytes(self.data(item))
        except NoItem:
            raise
        except Exception as error:  # decoders meet damage with almost any exception
            raise NoItem(f"The file of {id} is damaged: {error or type(error).__name__}.") from error
        write_bytes(place, data)
        return data

    def data(self, item: Item) -> bytes:
        """The bytes of its file.

        Raises:
            NoItem: someone deleted it by hand.
        """
        try:
            return self.path(item).read_bytes()
        except OSError as error:
            raise NoItem(f"The file of {item.id} is gone: {error.strerror or error}.") from error

    def keep_source(self, data: bytes) -> str:
        """Keep a picture that a translation starts from; returns its SHA-256.

        Raises:
            DataError: it is no picture.
        """
        open_source(data)
        name = sha256(data).hexdigest()
        if not (place := self.sources / name).is_file():
            write_bytes(place, data)
        return name

    def source(self, name: str) -> Any:
        """A kept picture.

        Raises:
            DataError: it is not here.
        """
        if not name or not (place := self.sources / name).is_file():
            raise DataError("The picture that this is to be made of is not in this studio. Give it again.")
        return open_source(place.read_bytes())

    def _note(self, items: Sequence[Item]) -> None:
        self.log.add(_row(item) for item in items)
        with self._lock:
            for item in items:
                self._items[item.id] = item
                insort(self._order, item.id)

    def _new_id(self) -> str:
        with self._lock:
            self._newest = max(self._newest + 1, int(time.time() * 1000) << 12)
            return f"{self._newest:014x}"

    def _read(self) -> None:
        for row in self.log.rows():
            self._take(row)
        present = set(os.listdir(self.files))  # noqa: PTH208  # twenty thousand paths would take a second
        for name in [name for name in present if name.startswith(".")]:
            (self.files / name).unlink(missing_ok=True)  # of a write that was cut off
        self._adopt(present)
        swept = (datetime.now(UTC) - _KEPT).isoformat(timespec="seconds")
        for id, when in list(self._removed.items()):
            item = self._items[id]
            if when < swept:
                for path in (self.path(item), self.files / f"{id}.json", self.smalls / f"{id}.webp"):
                    path.unlink(missing_ok=True)
        self._order = sorted(
            id for id, item in self._items.items() if id not in self._removed and f"{id}{item.suffix}" in present
        )
        for row in self.feedback.rows():
            if (judged := self._items.get(str(row.get("id")))) is not None:
                _judged(judged, row)
        self._newest = max([self._newest, *(int(id, 16) for id in self._order[-1:])])

    def _take(self, row: Mapping[str, Any]) -> None:
        id, did = str(row.get("id")), row.get("did")
        if did == "made":
            with suppress(KeyError):
                self._items[id] = Item(
                    id, row["run"], row["kind"], row["made"], row["width"], row["height"], row["settings"],
                    row["suffix"], row.get("excerpt", ""),
                )  # fmt: skip
        elif did == "removed" and id in self._items:
            self._removed[id] = str(row.get("when"))
        elif did == "restored":
            self._removed.pop(id, None)

    def _adopt(self, present: Collection[str]) -> None:
        """Take in files that a crash left without a line."""
        strange = sorted(name for name in present if name.partition(".")[0] not in self._items)
        found = [item for name in strange for item in _orphan(self.files / name)]
        if found:
            self.log.add(_row(item) for item in found)
            self._items.update((item.id, item) for item in found)


def matches(
    item: Item, *, run: str | None = None, tag: str | None = None, thumb: int | None = None, kind: str | None = None
) -> bool:
    """Whether an item is of a run and a kind, has a tag, and a thumb."""
    return (
        (not run or item.run == run)
        and (not tag or tag in item.tags)
        and (thumb is None or item.thumb == thumb)
        and (not kind or item.kind == kind)
    )


def _orphan(path: Path) -> Iterator[Item]:
    kind = _KINDS.get(path.suffix)
    if kind is None or len(path.stem) != 14 or not set(path.stem) <= set("0123456789abcdef"):
        return
    with suppress(OSError, DataError, ValueError):
        data = path.read_bytes()
        settings = read_imprint(data)
        width, height = size_of(data) if kind in ("picture", "film") else (0, 0)
        made = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
        yield Item(path.stem, settings["run"], kind, made, width, height, settings, path.suffix)


def _row(item: Item) -> dict[str, Any]:
    names = ("id", "run", "kind", "made", "width", "height", "suffix", "excerpt", "settings")
    return {"did": "made", **{name: getattr(item, name) for name in names}}


def _judged(item: Item, row: Mapping[str, Any]) -> None:
    if row.get("thumb") in (-1, 0, 1):
        item.thumb = int(row["thumb"])
    if isinstance(row.get("tags"), list):
        item.tags = [str(tag) for tag in row["tags"]]


def _clean(tags: Sequence[str]) -> list[str]:
    kept = list(dict.fromkeys(" ".join(str(tag).split()) for tag in tags))
    kept = [tag for tag in kept if tag]
    if len(kept) > _MOST_TAGS or any(len(tag) > _LONGEST_TAG for tag in kept):
        raise ConfigError(f"An item has {_MOST_TAGS} tags of {_LONGEST_TAG} letters at most.")
    return kept


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
