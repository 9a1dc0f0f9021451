"""Singling out: whether a description read off made records fits exactly one of the people who were learned from."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes
from mintage.statistics.attacks import Attack, Rate
from mintage.statistics.predicates import Predicates, guesses, of_one_record, of_one_value
from mintage.statistics.record_arrays import chance, records_lack, records_of

__all__ = ["SinglingOut"]

_FEWEST = 100


class SinglingOut(Settings):
    """The singling-out attack of Giomi et al. (2023), with one condition and with several.

    Descriptions that fit one made record alone are tried on training records, and on as many unseen ones: a rare
    description fits one of any crowd now and then, and a larger crowd more often.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("records",)

    attacks: int = Field(2000, ge=_FEWEST)
    """Descriptions of each sort, at most."""
    conditions: int = Field(3, ge=2)
    """Columns that a description of several conditions names."""
    most: int = Field(10_000, ge=_FEWEST)
    """Training records, and as many unseen ones, among which they are tried."""

    def lacks(self, evidence: Evidence) -> str:
        """Made, held-out and training records of two columns or more."""
        return records_lack(evidence, _FEWEST, 2)

    def measure(self, evidence: Evidence) -> Findings:
        """Scores singling_out/one condition and singling_out/several conditions."""
        arrays, rng = records_of(evidence), chance(evidence.seed, "singling_out")
        count = min(self.most, *(len(arrays.parts[part]) for part in ("real", "train")))
        train, real = (arrays.some(part, count, rng) for part in ("train", "real"))
        remark = f"Tried on {count:,} of {len(arrays.parts['train']):,} training records, and on as many unseen ones."
        scores = []
        for name, conditions, found in (
            ("one condition", 1, of_one_value(arrays, self.attacks, rng)),
            ("several conditions", self.conditions, of_one_record(arrays, self.attacks, self.conditions, rng)),
        ):
            if not len(found.columns):
                continue
            guessed = guesses(arrays, len(found.columns), conditions, rng)
            attack = Attack(*(_rate(*each) for each in ((found, train), (found, real), (guessed, train))))
            does = f"looks for the one person whom a description of {name}, read off a made record, fits"
            scores.append(attack.score(f"singling_out/{name}", does, len(arrays.parts["made"]), [remark]))
        return Findings(scores)


def _rate(predicates: Predicates, records: np.ndarray) -> Rate:
    return Rate.of(predicates.single_out(records))
