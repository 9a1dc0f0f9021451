"""How much an attack on made records gains from whose records were learned from: its risk, with an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mintage.contracts import Score
from mintage.statistics.intervals import LEVEL, Interval

__all__ = ["Attack", "Rate", "wilson"]


class Rate(NamedTuple):
    """How many of some tries succeeded."""

    hits: int
    tries: int

    @classmethod
    def of(cls, successes: NDArray[np.bool_]) -> Rate:
        """The rate of tries of which each did or did not succeed."""
        return cls(int(successes.sum()), len(successes))

    @property
    def share(self) -> float:
        """The hits among the tries."""
        return self.hits / self.tries


class Attack(NamedTuple):
    """One attack three times (Giomi et al., 2023): what counts is what it gains on those who were learned from."""

    learned: Rate  # on training records
    unseen: Rate  # the control: the same attack on real records that nobody learned from
    guessing: Rate  # on training records, without a look at the made ones

    @property
    def risk(self) -> tuple[float, Interval]:
        """(learned - unseen) / (1 - unseen), from 0 to 1, of Wilson's (1927) centres; their errors are passed on.

        >>> value, (low, high) = Attack(Rate(60, 100), Rate(20, 100), Rate(1, 100)).risk
        >>> round(value, 2), round(low, 2), round(high, 2)
        (0.49, 0.36, 0.62)
        """
        (attack, error), (control, doubt) = wilson(self.learned), wilson(self.unseen)
        value = (attack - control) / (1 - control)
        half = math.hypot(error / (1 - control), (1 - attack) * doubt / (1 - control) ** 2)
        low, value, high = (min(1.0, max(0.0, each)) for each in (value - half, value, value + half))
        return value, Interval(low, high)

    def score(self, name: str, does: str, made: int, remarks: Sequence[str] = ()) -> Score:
        """The risk as a score; `does` says what an attacker does with the made records, as in "An attacker who ..."."""
        value, (low, high) = self.risk
        known, unseen, guessed = (rate.share for rate in self)
        verdict = (
            "the made records give away some who were learned from"
            if low > 0
            else "no sign that they give anybody away"
        )
        noted = list(remarks)
        if known <= guessed:
            noted.append("Guessing does as well: the attack is too weak here to say anything about a stronger one.")
        return Score(
            name=name,
            value=value,
            low=low,
            high=high,
            floor=0.0,
            ideal=0.0,
            baselines={"hits on training": known, "hits on unseen": unseen, "hits by guessing": guessed},
            counts={"made": made, "attacks": self.learned.tries, "control attacks": self.unseen.tries},
            words=f"An attacker who {does} is right for {known:.1%} of training records, for {unseen:.1%} of records "
            f"that nobody learned from, and by guessing for {guessed:.1%}: a risk of {value:.1%} ({low:.1%} to "
            f"{high:.1%}); {verdict}.",
            remarks=noted,
        )


def wilson(rate: Rate, level: float = LEVEL) -> tuple[float, float]:
    """The centre of Wilson's (1927) interval of a share, and half its width.

    >>> [round(each, 3) for each in wilson(Rate(0, 100))]
    [0.018, 0.018]
    """
    z = NormalDist().inv_cdf(0.5 + level / 2)
    n, share = rate.tries, rate.share
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return centre, half
