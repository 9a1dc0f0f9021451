"""Inference: whether made records betray a value of a person of whom all other values are known."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes
from mintage.errors import ConfigError
from mintage.statistics.attacks import Attack, Rate
from mintage.statistics.neighbours import nearest
from mintage.statistics.record_arrays import Floats, RecordArrays, chance, records_lack, records_of
from mintage.statistics.record_distances import MixedSpace

__all__ = ["Inference"]

_FEWEST = 100
_NUMBERS = ("integer", "number")


class Inference(Settings):
    """The attribute-inference attack of Giomi et al. (2023): the nearest made record says what is not known.

    What can be told of people who were not learned from is what the data teaches about everybody; only what is told
    better of those who were is a breach.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("records",)

    secrets: tuple[str, ...] = ()
    """Columns that are inferred; unset: the target, and of the others the category and the number that are
    hardest to guess."""
    tolerance: float = Field(0.05, ge=0, lt=1)
    """How far from a number a guess may be, as a share of it."""
    attacks: int = Field(5000, ge=_FEWEST)
    """Training records, and unseen ones, that are attacked."""
    most: int = Field(50_000, ge=_FEWEST)
    """Made records that the attacker has."""

    def lacks(self, evidence: Evidence) -> str:
        """Made, held-out and training records of two columns or more."""
        return records_lack(evidence, _FEWEST, 2)

    def measure(self, evidence: Evidence) -> Findings:
        """A score inference/COLUMN for each secret.

        Raises:
            ConfigError: a secret that is no column of the table.
        """
        arrays, rng = records_of(evidence), chance(evidence.seed, "inference")
        made = arrays.some("made", self.most, rng)
        train, real = (arrays.some(part, self.attacks, rng) for part in ("train", "real"))
        space = MixedSpace(arrays)
        scores = []
        for secret in self._secrets(arrays, evidence):
            others = [column for column in range(len(arrays.names)) if column != secret]
            points = [space(values, others) for values in (made, train, real)]
            near = [nearest(targets, points[0], 1).indices[:, 0].numpy() for targets in points[1:]]
            known, of_train, of_real = (values[:, secret] for values in (made, train, real))
            reach = self.tolerance if arrays.kinds[secret] in _NUMBERS else 0.0
            attack = Attack(
                _rate(known[near[0]], of_train, reach),
                _rate(known[near[1]], of_real, reach),
                _rate(rng.choice(known, len(of_train)), of_train, reach),
            )
            within = f", give or take {reach:.0%}," if reach else ""
            does = f"takes {arrays.names[secret]}{within} from the made record that is nearest in all else"
            scores.append(attack.score(f"inference/{arrays.names[secret]}", does, len(made)))
        return Findings(scores)

    def _secrets(self, arrays: RecordArrays, evidence: Evidence) -> list[int]:
        """The columns that are inferred."""
        if unknown := [name for name in self.secrets if name not in arrays.names]:
            raise ConfigError(
                f"There is no column {unknown[0]!r} to infer; choose secrets among {', '.join(arrays.names)}."
            )
        if self.secrets:
            return [arrays.names.index(name) for name in self.secrets]
        target = evidence.records.target if evidence.records is not None else ""
        doubts = [_doubt(values) for values in arrays.parts["train"].T]
        chosen = [arrays.names.index(target)] if target in arrays.names else []
        for kinds in (("category", "boolean"), _NUMBERS):
            free = [c for c in range(len(doubts)) if arrays.kinds[c] in kinds and c not in chosen]
            chosen += sorted(free, key=lambda column: -doubts[column])[:1]
        return chosen


def _doubt(values: Floats) -> float:
    """The entropy of a column's values, in nats: how hard it is to guess."""
    shares = np.unique(values, return_counts=True)[1] / len(values)
    return float(-(shares * np.log(shares)).sum())


def _rate(guesses: Floats, secrets: Floats, reach: float) -> Rate:
    """How many guesses are right, or come within a share of the secret. Shape: (N,) twice."""
    near = np.abs(guesses - secrets) <= reach * np.abs(secrets)
    return Rate.of(near | (np.isnan(guesses) & np.isnan(secrets)))
