"""Bytes that come piece by piece as text that never has to be taken back: whole characters, and no part of a stop."""

from __future__ import annotations

import codecs
from collections.abc import Sequence

from mintage.errors import ConfigError

__all__ = ["TextStream"]


class TextStream:
    """Shows of a text what is sure, as soon as it is: half a character waits, and so does what may become a stop.

    All that it shows, put together, is what decoding all bytes at once and cutting at the stop string gives. A text
    ends where the stop string that is completed first begins (the longest, where several end at the same character).

    >>> stream = TextStream(stop=["END"])
    >>> [stream.feed(piece) for piece in (b"\\xe6\\x98", b"\\xa5 E", b"N", b"O E", b"ND and more")]
    ['', '春 ', '', 'ENO ', '']
    >>> stream.stopped, stream.end()
    (True, '')
    """

    def __init__(self, stop: Sequence[str] = ()) -> None:
        if "" in stop:
            raise ConfigError("A stop string is empty, and every text would end before it begins. Leave it out.")
        self.stopped = False
        self._stop = tuple(stop)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""  # the longest end of the text that begins a stop string

    def feed(self, piece: bytes) -> str:
        """What may be shown now that these bytes have come; nothing once it has stopped."""
        return "" if self.stopped else self._sure(self._decoder.decode(piece))

    def end(self) -> str:
        """What was held back and is text after all; bytes of an incomplete character become U+FFFD."""
        if self.stopped:
            return ""
        shown = self._sure(self._decoder.decode(b"", final=True)) + self._held
        self._held = ""
        return shown

    def _sure(self, new: str) -> str:
        if not self._stop or not new:
            return new
        text = self._held + new
        if (cut := self._cut(text, len(self._held))) is not None:
            self.stopped, self._held = True, ""
            return text[:cut]
        longest = max(len(stop) for stop in self._stop) - 1
        for place in range(max(0, len(text) - longest), len(text)):
            if any(stop.startswith(text[place:]) for stop in self._stop):
                self._held = text[place:]
                return text[:place]
        self._held = ""
        return text

    def _cut(self, text: str, known: int) -> int | None:
        """Where the stop string begins whose last character comes first, of those that end after `known` characters."""
        found = []
        for stop in self._stop:
            begin = text.find(stop, max(0, known - len(stop) + 1))
            if begin >= 0:
                found.append((begin + len(stop), begin))
        return min(found)[1] if found else None
