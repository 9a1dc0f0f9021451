"""The data report: what was found in the data, what was done to it, and what a person should know before training."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

__all__ = ["DataReport", "Tally"]

_SHOWN = 3  # examples named in a line
_LISTED = 12  # classes named in a line
_KEPT = 100  # names, groups or pairs kept of each sort
_UNBALANCED = 3
_DEEDS = {
    "cropped": "{} not square: their middle was cut out (codec.shape=letterbox keeps all of a picture).",
    "letterboxed": "{} not square: kept whole, between bars of the background colour.",
    "upscaled": "{} smaller than that: enlarged, which makes them soft.",
    "composited": "{} with transparent parts: laid on the background colour (codec.background).",
}
_CHANNELS = {1: "grey", 3: "RGB"}


@dataclass(frozen=True, kw_only=True)
class DataReport:
    """Facts about a packed set of images. `lines` tells them in plain sentences."""

    count: int
    stored: tuple[int, ...]  # shape of one packed image: (H, W, C)
    classes: dict[str, int] = field(default_factory=dict)  # images of each
    widths: tuple[int, int, int] | None = None  # least, median, most, before packing
    heights: tuple[int, int, int] | None = None
    kinds: dict[str, int] = field(default_factory=dict)  # "RGB", "grey", "palette", "16-bit grey", ...
    done: dict[str, int] = field(default_factory=dict)  # images that were "cropped", "upscaled", "composited", ...
    num_unreadable: int = 0
    unreadable: tuple[tuple[str, str], ...] = ()  # (name, reason) of the first ones
    num_copies: int = 0  # images whose pixels an earlier one has too
    copies: tuple[tuple[str, ...], ...] = ()  # groups of names
    num_near: int = 0  # images that an earlier one nearly equals
    near: tuple[tuple[str, str], ...] = ()
    num_compared: int = 0  # images among which near copies were looked for
    near_complete: bool = True
    remarks: tuple[str, ...] = ()
    is_translated: bool = False  # made out of other pictures, so that few of them are no trouble

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The report of `as_dict`, also after JSON has turned its tuples into lists."""
        return cls(**{key: _as_tuples(value) for key, value in values.items()})

    def lines(self) -> list[str]:
        """What a terminal shows: facts first, then advice."""
        return [*self.facts_lines(), *self.remarks, *([] if self.is_translated else self.suggestions())]

    def facts_lines(self) -> list[str]:
        """What was found and done."""
        lines = [f"{_many(self.count)}, packed as {self._form()} ({_size(self.count, self.stored)})."]
        classes = [] if self.is_translated else [self._classes_line()]
        return [*lines, *classes, *self._sizes_lines(), *self._unreadable_lines(), *self._copies_lines()]

    def suggestions(self) -> list[str]:
        """Advice that follows from the facts, most important first."""
        found = []
        if self.count < 100:
            found.append("Fewer than 100 images: expect copies of them, not new ones. Some hundreds are the least.")
        elif self.count < 2000:
            found.append("Fewer than 2,000 images are soon known by heart: augment, or try model.name=fastgan.")
        counts = sorted(self.classes.items(), key=lambda item: item[1])
        if counts and counts[0][1] * _UNBALANCED <= counts[-1][1]:
            (rare, few), (common, many) = counts[0], counts[-1]
            found.append(
                f"Classes are unbalanced: {many:,} of {common!r} but {few:,} of {rare!r}, which will look worse."
            )
        if self.num_copies + self.num_near > 0.02 * self.count:
            found.append("Copies are learned by heart first, so remove them unless they are meant.")
        if self.done.get("upscaled", 0) > 0.1 * self.count:
            found.append("Many images are smaller than the packed size: a smaller codec.size loses nothing.")
        return found

    def _form(self) -> str:
        if len(self.stored) != 3:
            return "x".join(map(str, self.stored))
        height, width, channels = self.stored
        return f"{width}x{height} {_CHANNELS.get(channels, f'{channels} channels')}"

    def _classes_line(self) -> str:
        if not self.classes:
            return "No classes."
        if len(self.classes) <= _LISTED:
            return f"{len(self.classes)} classes: {', '.join(f'{k} {n:,}' for k, n in self.classes.items())}."
        counts = sorted(self.classes.items(), key=lambda item: item[1])
        (rare, few), (common, many) = counts[0], counts[-1]
        return f"{len(counts)} classes, from {_many(few)} ({rare}) to {many:,} ({common})."

    def _sizes_lines(self) -> list[str]:
        lines = []
        if self.widths and self.heights:
            if self.widths[0] == self.widths[2] and self.heights[0] == self.heights[2]:
                lines.append(f"All were {self.widths[0]}x{self.heights[0]} pixels.")
            else:
                (w0, w1, w2), (h0, h1, h2) = self.widths, self.heights
                lines.append(f"Widths were {w0:,} to {w2:,} pixels (median {w1:,}), heights {h0:,} to {h2:,} ({h1:,}).")
        if self.kinds:
            lines.append(f"Kinds: {', '.join(f'{n:,} {kind}' for kind, n in self.kinds.items())}.")
        return lines + [_DEEDS.get(deed, f"{{}} {deed}.").format(f"{n:,}") for deed, n in self.done.items()]

    def _unreadable_lines(self) -> list[str]:
        return unreadable_lines(self.unreadable, self.num_unreadable)

    def _copies_lines(self) -> list[str]:
        lines = exact_copies_lines(self.copies, self.num_copies, _many(self.count))
        if self.num_near:
            example = " and ".join(self.near[0]) if self.near else ""
            of = f"{_many(self.count)}" if self.num_compared >= self.count else f"{self.num_compared:,} sampled images"
            least = "" if self.near_complete else "At least "
            lines.append(f"{least}{self.num_near:,} of {of} nearly equal another one, such as {example}.")
        elif self.num_compared < self.count - self.num_copies:
            lines.append(f"No near copies among the {self.num_compared:,} images that were compared.")
        return lines


class Tally:
    """Collects the facts of a report while the data goes by; its size doesn't grow with the data."""

    def __init__(self) -> None:
        self.num_unreadable = 0
        self.unreadable: list[tuple[str, str]] = []
        self._widths: Counter[int] = Counter()
        self._heights: Counter[int] = Counter()
        self._kinds: Counter[str] = Counter()
        self._done: Counter[str] = Counter()

    def add(self, facts: Mapping[str, Any]) -> None:
        """What a codec's `inspect` says of one example."""
        width, height = facts["size"]
        self._widths[width] += 1
        self._heights[height] += 1
        self._kinds[facts["kind"]] += 1
        self._done.update(facts["done"])

    def add_bad(self, name: str, reason: str) -> None:
        """One example that can't be read."""
        self.num_unreadable += 1
        if len(self.unreadable) < _KEPT:
            self.unreadable.append((name, reason))

    def facts(self) -> dict[str, Any]:
        """Fields of the report."""
        return {
            "widths": _spread(self._widths),
            "heights": _spread(self._heights),
            "kinds": dict(self._kinds.most_common()),
            "done": dict(self._done.most_common()),
            "num_unreadable": self.num_unreadable,
            "unreadable": tuple(self.unreadable),
        }


def unreadable_lines(unreadable: Sequence[tuple[str, str]], total: int) -> list[str]:
    """What a report says of those that could not be read."""
    return [f"{total:,} could not be read: {list_bad(unreadable, total)}."] if total else []


def exact_copies_lines(copies: Sequence[Sequence[str]], total: int, of: str) -> list[str]:
    """What a report says of exact copies, given some groups of names."""
    example = " = ".join(copies[0][:2]) if copies else ""
    return [f"{total:,} of {of} are exact copies, such as {example}."] if total else []


def list_bad(unreadable: Sequence[tuple[str, str]], total: int) -> str:
    """The first few by name and reason, and how many more there are."""
    shown = "; ".join(f"{name} ({reason})" for name, reason in unreadable[:_SHOWN])
    return shown if total <= _SHOWN else f"{shown}; and {total - _SHOWN:,} more"


def first_few(items: Iterable[Any]) -> list[Any]:
    """As many as a report keeps."""
    return [item for item, _ in zip(items, range(_KEPT), strict=False)]


def _spread(counts: Counter[int]) -> tuple[int, int, int] | None:
    if not counts:
        return None
    half, passed = counts.total() / 2, 0
    for value in sorted(counts):
        passed += counts[value]
        if passed >= half:
            break
    return min(counts), value, max(counts)


def _as_tuples(value: Any) -> Any:
    return tuple(_as_tuples(item) for item in value) if isinstance(value, list | tuple) else value


def _many(count: int) -> str:
    return f"{count:,} image" if count == 1 else f"{count:,} images"


def _size(count: int, stored: tuple[int, ...]) -> str:
    size = float(count)
    for side in stored:
        size *= side
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.1f} GB"
