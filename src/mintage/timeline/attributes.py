"""What stays the same for an entity, such as a patient's sex or a share's sector, as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mintage.errors import DataError

__all__ = ["About", "Attribute", "attribute_rows", "read_attributes"]

About = tuple[str | float, ...]  # one entity's attributes, in order
Attribute = tuple[str, ...] | tuple[float, float]  # the words that there are; the middle and the spread of numbers

_MOST_WORDS = 64


def read_attributes(names: Sequence[str], known: Sequence[About]) -> dict[str, Attribute]:
    """How each attribute is told, by the entities that are learned from.

    Raises:
        DataError: one has too many words.
    """
    found: dict[str, Attribute] = {}
    for name, values in zip(names, zip(*known, strict=True), strict=True):
        if any(isinstance(value, str) for value in values):
            words = tuple(sorted({str(value) for value in values}))
            if len(words) > _MOST_WORDS:
                raise DataError(
                    f"The attribute {name!r} has {len(words)} different words, at most {_MOST_WORDS} can be learned. "
                    "Leave it out, or write fewer."
                )
            found[name] = words
        else:
            numbers = np.array([value for value in values if value == value], np.float64)
            found[name] = (float(numbers.mean()), float(numbers.std()) or 1.0) if len(numbers) else (0.0, 1.0)
    return found


def attribute_rows(attributes: Mapping[str, Attribute], about: About) -> NDArray[np.float32]:
    """One for the word that holds, zero for all others; numbers in spreads from their middle, zero where missing.

    Shape: (A,).
    """
    out: list[float] = []
    for told, value in zip(attributes.values(), about, strict=True):
        if isinstance(told[0], str):
            out += [float(value == word) for word in told]
        else:
            middle, spread = told
            out.append(0.0 if value != value else (float(value) - float(middle)) / float(spread))
    return np.array(out, np.float32)
