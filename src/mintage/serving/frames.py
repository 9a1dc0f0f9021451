"""What passes between a server and its workers: a JSON object and some bytes, with their lengths before them."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["HEAD", "Frame", "lengths", "pack", "unpack"]

_LENGTHS = struct.Struct(">II")
HEAD = _LENGTHS.size


@dataclass(frozen=True, slots=True)
class Frame:
    """Words, and bytes that belong to them."""

    said: Mapping[str, Any]
    blobs: Sequence[bytes] = field(default=())


def pack(frame: Frame) -> list[bytes]:
    """The bytes of a frame, in order.

    >>> lengths(b"".join(pack(Frame({"seed": 1}, [b"ab", b"c"])))[:HEAD])
    (21, 3)
    """
    said = json.dumps([frame.said, [len(blob) for blob in frame.blobs]]).encode()
    return [_LENGTHS.pack(len(said), sum(map(len, frame.blobs))), said, *frame.blobs]


def lengths(head: bytes) -> tuple[int, int]:
    """How many bytes of words and of blobs follow the first `HEAD` bytes."""
    said, blobs = _LENGTHS.unpack(head)
    return said, blobs


def unpack(said: bytes, blobs: bytes) -> Frame:
    """A frame out of its two parts."""
    words, sizes = json.loads(said)
    found, first = [], 0
    for size in sizes:
        found.append(blobs[first : first + size])
        first += size
    return Frame(words, found)
