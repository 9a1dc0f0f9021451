"""Which examples are held out where some belong together: the tiles of a photograph, the two sides of a translation.

A function of the names and the seed alone, so it is the same on every machine, however files are listed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mintage.seeding import derive

__all__ = ["Listed", "group_of", "split_by_group", "split_by_number"]

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
    these are for choosing checkpoints. A side that has two groups keeps one for training and has one held out, and
    none are for choosing if a side would have none. Sides with the same names list them in the same order.

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
    if any(groups.isdisjoint(chosen) for groups in members):
        chosen = []  # what lacks one side can't choose
    part_of = dict.fromkeys(order, 0) | dict.fromkeys(held, 2) | dict.fromkeys(chosen, 1)
    parts = []
    for side in named:
        rows = sorted(range(len(side)), key=lambda row: (derive(seed, "row", *side[row]), row))
        listed = [[row for row in rows if part_of[side[row][0]] == part] for part in range(3)]
        listed[2] = listed[2][: max(0, most - len(listed[1]))]
        train, picking, judging = (Listed(np.array(part, np.int64)) for part in listed)
        parts.append((train, picking, judging))
    return parts


def split_by_number(
    groups: Indices, share: float, seed: int, *, most: int, selection: float = 0.25
) -> tuple[Listed, Listed, Listed]:
    """(train, selection, heldout) of rows whose groups are numbers: those of one group are in the same part.

    >>> train, selection, heldout = split_by_number(np.array([0, 0, 1, 1, 2, 3]), 0.5, 0, most=9, selection=0.5)
    >>> len(train) + len(selection) + len(heldout), {*train.rows} & {*heldout.rows}
    (6, set())
    """
    rng = np.random.default_rng(derive(seed, "groups"))
    count = int(groups.max()) + 1
    order = rng.permutation(count)
    sizes = np.cumsum(np.bincount(groups, minlength=count)[order])
    held = min(round(share * count), int(np.searchsorted(sizes, most, "right")))
    part_of = np.zeros(count, np.int64)
    part_of[order[:held]] = 2
    part_of[order[: int(selection * held)]] = 1
    rows = rng.permutation(len(groups))
    train, picking, judging = (Listed(rows[part_of[groups[rows]] == part]) for part in range(3))
    return train, picking, judging


def group_of(name: str) -> str:
    """What belongs together: the path without its suffix, and without the place of a tile.

    >>> group_of("a/b.c.jpg#64,0"), group_of("a/b.c.png")
    ('a/b.c', 'a/b.c')
    """
    return _parsed(name)[0]


def _parsed(name: str) -> tuple[str, str]:
    """(group, tile)."""
    found = _NAME.fullmatch(name)
    return (found[1], found[2] or "") if found else (name, "")


def _chosen(order: Sequence[str], share: float, members: Sides) -> list[str]:
    """The first groups of the order, the part `share` of them, and more until each side that has two groups has one.

    The last group of a side is never taken.
    """
    count = round(share * len(order))
    left = [len(groups) for groups in members]
    lacking = [share > 0 and len(groups) > 1 for groups in members]
    taken: list[str] = []
    for group in order:
        sides = [side for side, groups in enumerate(members) if group in groups]
        if (len(taken) < count or any(lacking[side] for side in sides)) and all(left[side] > 1 for side in sides):
            taken.append(group)
            for side in sides:
                left[side], lacking[side] = left[side] - 1, False
    return taken


def _fitting(held: Sequence[str], named: Sequence[Sequence[tuple[str, str]]], most: int) -> int:
    """How many of the groups can be held out before a side exceeds `most` examples; one at least."""
    counts = [Counter(group for group, _ in side) for side in named]
    sums = [0] * len(named)
    for place, group in enumerate(held):
        sums = [total + count[group] for total, count in zip(sums, counts, strict=True)]
        if place and max(sums) > most:
            return place
    return len(held)
