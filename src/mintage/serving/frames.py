"""What passes between a server and its workers: a JSON object and some bytes, with their lengths before them."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mintage import errors
from mintage.errors import MintageError, RunError

__all__ = ["HEAD", "Frame", "lengths", "pack", "problem", "raised", "unpack"]

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


def problem(error: Exception) -> Frame:
    """An error as an answer: what it is called, by the name that `mintage.errors` has for it, and what it says."""
    known = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == errors.__name__]
    return Frame({"error": known[0] if known else type(error).__name__, "detail": str(error)})


def raised(said: Mapping[str, Any]) -> Exception:
    """The error that an answer tells of.

    >>> raised(problem(errors.ConfigError("It does not fit.")).said)
    ConfigError('It does not fit.')
    >>> raised(problem(ValueError("too many")).said)
    RunError('ValueError: too many')
    """
    kind = getattr(errors, said["error"], None)
    if isinstance(kind, type) and issubclass(kind, MintageError):
        return kind(said["detail"])
    return RunError(f"{said['error']}: {said['detail']}")
