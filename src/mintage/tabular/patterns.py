"""The shape of a name - capitals, small letters, digits - and new names of the same shape, no two alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["filled", "pattern_of", "size_of"]

_CLASSES = {"A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "a": "abcdefghijklmnopqrstuvwxyz", "0": "0123456789"}
_ESCAPE = "\\"
_STRIDE = 0.6180339887498949  # of the golden ratio: neighbours in number are far apart in name
_LARGEST = 1 << 62


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


def size_of(pattern: str) -> int:
    """How many different names a pattern has, up to 2 ** 62.

    >>> size_of("A00"), size_of("0" * 30) == 1 << 62
    (2600, True)
    """
    size = 1
    for sign in _signs(pattern):
        size = min(size * len(_CLASSES.get(sign, "x")), _LARGEST)
    return size


def filled(pattern: str, numbers: NDArray[np.int64]) -> list[str]:
    """The names of these numbers, each below `size_of(pattern)`: different numbers have different names.

    >>> names = filled("A00", np.arange(2600))
    >>> len(set(names)), all(pattern_of(name) == "A00" for name in names)
    (2600, True)
    """
    size = size_of(pattern)
    step = max(int(size * _STRIDE), 1)
    while np.gcd(step, size) != 1:
        step += 1
    left = [(number * step + step) % size for number in numbers.tolist()]
    signs = _signs(pattern)
    columns: list[list[str]] = []
    for sign in reversed(signs):
        letters = _CLASSES.get(sign)
        if letters is None:
            columns.append([sign[1:]] * len(left))
            continue
        columns.append([letters[rest % len(letters)] for rest in left])
        left = [rest // len(letters) for rest in left]
    return ["".join(parts) for parts in zip(*reversed(columns), strict=True)] if columns else [""] * len(numbers)


def _signs(pattern: str) -> list[str]:
    """One for each letter of a name: a class, or a backslash with what stays."""
    signs, place = [], 0
    while place < len(pattern):
        length = 2 if pattern[place] == _ESCAPE else 1
        signs.append(pattern[place : place + length])
        place += length
    return signs
