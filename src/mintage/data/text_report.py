"""The data report of a text: what was found, how it became tokens, and what a person should know before training."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from mintage.data.inspection import exact_copies_lines, unreadable_lines

__all__ = ["CharacterTally", "TextReport"]

_LITTLE = 100_000  # bytes below which a text is learned by heart
_LISTED = 4  # scripts, encodings
_KEPT = 100
_UNICODE = 0x110000
_SCRIPTS = {"CJK": "Han", "KANGXI": "Han"}  # first words of the names of letters, where they are not the script's
_FORMS = frozenset({"FULLWIDTH", "HALFWIDTH", "MODIFIER", "MATHEMATICAL", "SMALL", "MASCULINE", "FEMININE"})
_TOKENS = {"char": "characters", "byte": "bytes", "bpe": "pieces of words", "pretrained": "pieces of words"}


@dataclass(frozen=True, kw_only=True)
class TextReport:
    """Facts about a packed text. `lines` tells them in plain sentences, as those of a `DataReport`."""

    count: int  # documents
    characters: int
    bytes: int  # in UTF-8
    distinct: int  # different characters
    scripts: dict[str, float] = field(default_factory=dict)  # share of the letters, the most common first
    tokens: int
    vocabulary: int
    kind: str  # "char", "byte", "bpe" or "pretrained"
    has_separator: bool = False
    encodings: dict[str, str] = field(default_factory=dict)  # of the first files, by name
    num_encodings: dict[str, int] = field(default_factory=dict)  # files in each
    num_unreadable: int = 0
    unreadable: tuple[tuple[str, str], ...] = ()  # (name, reason) of the first ones
    num_copies: int = 0  # documents that are the same as an earlier one
    copies: tuple[tuple[str, ...], ...] = ()  # groups of names
    num_near: int = 0  # documents that an earlier one nearly equals
    near: tuple[tuple[str, str], ...] = ()
    num_compared: int = 0  # documents among which near copies were looked for
    remarks: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The report of `as_dict`, also after JSON has turned its tuples into lists."""
        return cls(**{key: _as_tuples(value) for key, value in values.items()})

    def lines(self) -> list[str]:
        """What a terminal shows: facts first, then advice."""
        return [*self.facts_lines(), *self.remarks, *self.suggestions()]

    def facts_lines(self) -> list[str]:
        """What was found and done."""
        scripts = ", ".join(f"{share:.{0 if share > 0.1 else 1}%} {name}" for name, share in self._most_scripts())
        return [
            f"{_many(self.count)}, {self.characters:,} characters ({_size(self.bytes)}), {self.distinct:,} of them "
            f"different{f'; letters: {scripts}' if scripts else ''}.",
            *self._encodings_lines(),
            f"Packed as {self.tokens:,} tokens, which are {_TOKENS[self.kind]}, out of {self.vocabulary:,} "
            f"({self.kind}): {self.characters / max(1, self.tokens):.2f} characters and "
            f"{self.bytes / max(1, self.tokens):.2f} bytes each."
            f"{' One token of its own begins each document.' if self.has_separator else ''}",
            *self._unreadable_lines(),
            *self._copies_lines(),
        ]

    def suggestions(self) -> list[str]:
        """Advice that follows from the facts."""
        found = []
        if self.bytes < _LITTLE:
            found.append(
                f"{_size(self.bytes)} of text is very little: it works, but will mostly learn by heart. A few hundred "
                "kB are the least for new sentences."
            )
        if self.num_copies + self.num_near > 0.02 * self.count:
            found.append("Copies are learned by heart first, so remove them unless they are meant.")
        return found

    def _most_scripts(self) -> list[tuple[str, float]]:
        return [(name, share) for name, share in list(self.scripts.items())[:_LISTED] if share >= 0.001]

    def _encodings_lines(self) -> list[str]:
        if set(self.num_encodings) <= {"utf-8"}:
            return []
        counts = list(self.num_encodings.items())
        shown = ", ".join(f"{label} ({count:,} file{'s' if count > 1 else ''})" for label, count in counts[:_LISTED])
        return [f"Encodings: {shown}{', ...' if len(counts) > _LISTED else ''}; all became Unicode."]

    def _unreadable_lines(self) -> list[str]:
        return unreadable_lines(self.unreadable, self.num_unreadable)

    def _copies_lines(self) -> list[str]:
        lines = exact_copies_lines(self.copies, self.num_copies, _many(self.count))
        if self.num_near:
            example = " and ".join(self.near[0]) if self.near else ""
            of = _many(self.count) if self.num_compared >= self.count else f"{self.num_compared:,} sampled documents"
            lines.append(f"{self.num_near:,} of {of} nearly equal another one, such as {example}.")
        elif 1 < self.num_compared < self.count:
            lines.append(f"No near copies among the {self.num_compared:,} documents that were compared.")
        return lines


class CharacterTally:
    """Counts characters while a corpus goes by, in memory that doesn't grow with it."""

    def __init__(self) -> None:
        self._counts = np.zeros(_UNICODE, np.int64)

    def add(self, text: str) -> None:
        """Some more of it; counting is cheap for long strings."""
        points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
        counted = np.bincount(points)
        self._counts[: len(counted)] += counted

    def facts(self) -> dict[str, Any]:
        """Fields of the report."""
        points = np.flatnonzero(self._counts)
        counts = self._counts[points]
        sizes = 1 + sum((points >= least).astype(np.int64) for least in (0x80, 0x800, 0x10000))
        letters: Counter[str] = Counter()
        for point, count in zip(points.tolist(), counts.tolist(), strict=True):
            if unicodedata.category(chr(point)).startswith("L"):
                letters[_script(chr(point))] += count
        return {
            "characters": int(counts.sum()),
            "bytes": int((counts * sizes).sum()),
            "distinct": len(points),
            "scripts": {name: round(count / letters.total(), 6) for name, count in letters.most_common()},
        }


def told_encodings(encodings: Mapping[str, str]) -> dict[str, Any]:
    """Fields of the report about the encodings of files."""
    return {
        "encodings": dict(list(encodings.items())[:_KEPT]),
        "num_encodings": dict(Counter(encodings.values()).most_common()),
    }


def _script(letter: str) -> str:
    """Which script a letter is of, by the first words of its Unicode name.

    >>> _script("é"), _script("ж"), _script("春"), _script("ｗ")
    ('Latin', 'Cyrillic', 'Han', 'Latin')
    """
    words = [word for word in unicodedata.name(letter, "OTHER").split() if word not in _FORMS]
    word = words[0].partition("-")[0] if words else "OTHER"
    return _SCRIPTS.get(word, word.capitalize())


def _as_tuples(value: Any) -> Any:
    return tuple(_as_tuples(item) for item in value) if isinstance(value, list | tuple) else value


def _many(count: int) -> str:
    return f"{count:,} document" if count == 1 else f"{count:,} documents"


def _size(size: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.2f} GB"
