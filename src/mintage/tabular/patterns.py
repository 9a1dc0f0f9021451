"""The shape of a name - capitals, small letters, digits - and new names of the same shape, no two alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["filled", "pattern_of", "shape_of", "size_of", "with_letters_kept"]

_CLASSES = {"A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "a": "abcdefghijklmnopqrstuvwxyz", "0": "0123456789"}
_ESCAPE = "\\"
_STRIDE = 0.6180339887498949  # of the golden ratio: neighbours in number are far apart in name
_LARGEST = 1 << 62
_SMALL = 1 << 31  # below, the product of two numbers fits 64 bits


def pattern_of(word: str) -> str:
    r"""The shape of a name: capitals become A, small letters a, digits 0; a backslash comes before what stays as it is.

    >>> pattern_of("Kx-017")
    'Aa\\-000'
    """
    shape = []
    for sign in word:
        if sign.isdecimal():
            shape.append("0")
        elif sign.isalpha() and sign.isascii():
            shape.append("A" if sign.isupper() else "a")
        else:
            shape.append(_ESCAPE + sign)
    return "".join(shape)


def shape_of(pattern: str) -> str:
    r"""The shape of a pattern some of whose letters stay as they are.

    >>> shape_of("\\K\\-000")
    'A\\-000'
    """
    return "".join(pattern_of(sign[1:]) if sign[0] == _ESCAPE else sign for sign in _signs(pattern))


def with_letters_kept(shape: str, words: Sequence[str]) -> str:
    r"""The pattern of words of one shape: a letter that all of them have in a place stays as it is.

    >>> with_letters_kept("Aa\\-00", ["Kx-17", "Ky-15"])
    '\\Ka\\-00'
    """
    found = [set(letters) for letters in zip(*words, strict=True)]
    kept = [
        _ESCAPE + letters.pop() if len(letters) == 1 and sign in "Aa" else sign
        for sign, letters in zip(_signs(shape), found, strict=True)
    ]
    return "".join(kept)


def size_of(pattern: str) -> int:
    """How many different names a pattern has, up to 2 ** 62.

    >>> size_of("A00"), size_of("0" * 30) == 1 << 62
    (2600, True)
    """
    size = 1
    for sign in _signs(pattern):
        size = min(size * len(_CLASSES.get(sign, "x")), _LARGEST)
    return size


def filled(pattern: str, numbers: NDArray[np.int64]) -> NDArray[np.object_]:
    """The names of these numbers, each below `size_of(pattern)`: different numbers have different names.

    >>> names = filled("A00", np.arange(2600))
    >>> len(set(names)), all(pattern_of(name) == "A00" for name in names)
    (2600, True)
    """
    size = size_of(pattern)
    step = max(int(size * _STRIDE), 1)
    while np.gcd(step, size) != 1:
        step += 1
    wide = numbers if size < _SMALL else numbers.astype(object)  # products of large ones need Python's integers
    left = ((wide * step + step) % size).astype(np.int64)
    signs = _signs(pattern)
    columns: list[list[str]] = []
    for sign in reversed(signs):
        options = _CLASSES.get(sign, sign[1:])
        left, chosen = np.divmod(left, len(options))
        columns.append(np.array(list(options), object)[chosen].tolist())
    names = np.full(len(numbers), "", object)
    names[:] = ["".join(parts) for parts in zip(*reversed(columns), strict=True)] if columns else ""
    return names


def _signs(pattern: str) -> list[str]:
    """One for each letter of a name: a class, or a backslash with what stays."""
    signs, place = [], 0
    while place < len(pattern):
        length = 2 if pattern[place] == _ESCAPE else 1
        signs.append(pattern[place : place + length])
        place += length
    return signs
