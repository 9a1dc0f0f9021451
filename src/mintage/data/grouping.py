"""Which examples are held out where some belong together: the tiles of a photograph, the two sides of a translation.

A function of the names and the seed alone, so it is the same on every machine, however files are listed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mintage.seeding import derive

__all__ = ["Listed", "split_by_group"]

Indices = NDArray[np.int64]
Sides = Sequence[Collection[str]]
_NAME = re.compile(r"(.+?)(?:\.[^./#]*)?(#[^./#]*)?", re.DOTALL)  # path, suffix, the tile of a photograph


@dataclass(frozen=True, eq=False)
class Listed:
    """Some of the examples, by their row numbers in an order that is already random; as `order.Part` otherwise.

    >>> first, rest = Listed(np.array([7, 2, 5])).cut(1)
    >>> first.head(9).tolist(), rest.at(np.array([1, 0])).tolist()
    ([7], [5, 2])
    """

    rows: Indices

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, places: Indices) -> Indices:
        """Which examples stand at these places of the part, 0 .. len - 1."""
        return self.rows[places]

    def cut(self, count: int) -> tuple[Listed, Listed]:
        """The first so many examples, and the rest."""
        return Listed(self.rows[:count]), Listed(self.rows[count:])

    def head(self, count: int) -> Indices:
        """The first examples of the part, at most so many: a random sample of it."""
        return self.rows[:count]


def split_by_group(
    sides: Sequence[Sequence[str]], share: float, seed: int, *, most: int, selection: float = 0.25
) -> list[tuple[Listed, Listed, Listed]]:
    """(train, selection, heldout) of each side: what belongs together is in the same part on all sides.

    A group is what has the same path up to the suffix: both sides of a pair, all tiles `photo.jpg#x,y` of a photograph.
    Of the groups the part `share` is held out (fewer, if a side would exceed `most` examples), and `selection` of
    these are for choosing checkpoints; the parts of a side that has groups enough are not empty. Sides with
    the same names list them in the same order.

    >>> ((train, selection, heldout),) = split_by_group([["a.jpg#0,0", "b.jpg#0,0", "a.jpg#0,64"]], 0.4, 0, most=9)
    >>> len(train) + len(heldout), len(selection)
    (3, 0)
    """
    named = [[_parsed(name) for name in names] for names in sides]
    members = [{group for group, _ in side} for side in named]
    order = sorted(set().union(*members), key=lambda group: (derive(seed, "group", group), group))
    held = _chosen(order, share, members)
    held = held[: _fitting(held, named, most)]
    chosen = _chosen(held, selection, [set(held) & groups for groups in members])
    part_of = dict.fromkeys(order, 0) | dict.fromkeys(held, 2) | dict.fromkeys(chosen, 1)
    parts = []
    for side in named:
        rows = sorted(range(len(side)), key=lambda row: (derive(seed, "row", *side[row]), row))
        listed = [[row for row in rows if part_of[side[row][0]] == part] for part in range(3)]
        listed[2] = listed[2][: max(0, most - len(listed[1]))]
        train, picking, judging = (Listed(np.array(part, np.int64)) for part in listed)
        parts.append((train, picking, judging))
    return parts
