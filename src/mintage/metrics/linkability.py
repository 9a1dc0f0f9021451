"""Linkability: whether made records tell which two halves of a record belong to the same person."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes
from mintage.statistics.attacks import Attack, Rate
from mintage.statistics.neighbours import nearest
from mintage.statistics.record_arrays import Floats, RecordArrays, chance, records_lack, records_of
from mintage.statistics.record_distances import MixedSpace

__all__ = ["Linkability"]

_FEWEST = 100


class Linkability(Settings):
    """The linkability attack of Giomi et al. (2023): two halves of a person's columns, found in two places, are joined.

    They are taken for the same person's if one made record is among the nearest to both. The halves hold turn by turn
    the columns with the most different values.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("records",)

    attacks: int = Field(5000, ge=_FEWEST)
    """Training records, and unseen ones, that are attacked."""
    most: int = Field(50_000, ge=_FEWEST)
    """Made records that the attacker has."""
    neighbours: int = Field(1, ge=1)
    """Made records that are near to a half."""

    def lacks(self, evidence: Evidence) -> str:
        """Made, held-out and training records of two columns or more."""
        return records_lack(evidence, _FEWEST, 2)

    def measure(self, evidence: Evidence) -> Findings:
        """The score linkability."""
        arrays, rng = records_of(evidence), chance(evidence.seed, "linkability")
        space, halves = MixedSpace(arrays), _halves(arrays)
        made = arrays.some("made", self.most, rng)
        near = min(self.neighbours, len(made))

        def links(part: str) -> Rate:
            targets = arrays.some(part, self.attacks, rng)
            return _met(*(nearest(space(targets, half), space(made, half), near).indices.numpy() for half in halves))

        learned = links("train")
        drawn = (rng.integers(len(made), size=(learned.tries, near)) for _ in halves)
        attack = Attack(learned, links("real"), _met(*drawn))
        left, right = (", ".join(arrays.names[column] for column in half) for half in halves)
        does = "joins two halves of a person's columns by the made record that is nearest to both"
        return Findings([attack.score("linkability", does, len(made), [f"The halves: {left}; and {right}."])])


def _halves(arrays: RecordArrays) -> tuple[list[int], list[int]]:
    """The columns, dealt in turn from the one with the most different values to that with the fewest."""
    order = sorted(range(len(arrays.names)), key=lambda column: -_different(arrays.parts["made"][:, column]))
    return order[::2], order[1::2]


def _different(values: Floats) -> int:
    return len(np.unique(values))


def _met(left: np.ndarray, right: np.ndarray) -> Rate:
    """Where the two halves have a made record in common. Shape: (N, k) twice."""
    return Rate.of((left[:, :, None] == right[:, None, :]).any((1, 2)))
