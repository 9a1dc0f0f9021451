"""Every span of one length that stands in a text, by its hash, so that a writer can keep from copying any of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["KnownSpans"]

Hashes = NDArray[np.uint64]

_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no character's bits are lost
_MIX = np.uint64(0xFF51AFD7ED558CCD)


class KnownSpans:
    """The spans of `length` characters of some texts: eight bytes for each.

    A polynomial hash (Karp and Rabin, 1987) stands for a span. Of ten million spans, one unknown span in two million
    million is taken for a known one; none of the known ones is ever missed.

    >>> known = KnownSpans.of(["to be or not to be"], 6)
    >>> known.ends_in("I want to be o"), known.ends_in("I want to be a")
    (True, False)
    """

    def __init__(self, hashes: Hashes, length: int) -> None:
        self.hashes, self.length = hashes, length

    @classmethod
    def of(cls, texts: Iterable[str], length: int) -> Self:
        """All spans of each text; none reaches from one text into the next."""
        found = [_hashes(text, length) for text in texts if len(text) >= length]
        return cls(np.unique(np.concatenate(found)) if found else np.zeros(0, np.uint64), length)

    def ends_in(self, text: str, fresh: int = 1) -> bool:
        """Whether a known span ends in one of the last `fresh` characters of a text."""
        asked = _hashes(text[-(self.length + max(fresh, 1) - 1) :], self.length)
        places = np.searchsorted(self.hashes, asked)
        inside = places < len(self.hashes)
        return bool((self.hashes[places[inside]] == asked[inside]).any())


def _hashes(text: str, length: int) -> Hashes:
    """The hash of each span, by its first character. Shape: max(0, len(text) - length + 1)."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    count = max(0, len(codes) - length + 1)
    found = np.zeros(count, np.uint64)
    with np.errstate(over="ignore"):
        for place in range(length):
            found *= _FACTOR
            found += codes[place : place + count]
        found ^= found >> np.uint64(33)
        found *= _MIX
        found ^= found >> np.uint64(33)
    return found
