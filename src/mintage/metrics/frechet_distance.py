"""Fréchet distance: how far the Gaussian of the made examples is from that of the real ones, and its limit."""

from __future__ import annotations

from typing import ClassVar

from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes, Score
from mintage.statistics.gaussians import Estimate, frechet, frechet_limit
from mintage.statistics.intervals import normal

__all__ = ["FrechetDistance"]

_FEWEST = 10


class FrechetDistance(Settings):
    """Fréchet distance in the judgement's embedding (Heusel et al., 2017), and extrapolated (Chong and Forsyth, 2020).

    Only under the original Inception network is it FID. It is biased upwards by about 1 / N, so it compares only
    between equal numbers of samples, and with the floor: what real examples score against other real ones. The
    limit takes the bias away.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("pictures", "text")

    def lacks(self, evidence: Evidence) -> str:
        """Why it cannot be measured on this; "" if it can."""
        fewest = min(len(evidence.fake), len(evidence.real))
        return f"{fewest} examples on a side, {_FEWEST} are needed" if fewest < _FEWEST else ""

    def measure(self, evidence: Evidence) -> Findings:
        """{frechet_distance, frechet_limit}; the limit is left out where the samples are too few for it."""
        real, fake = evidence.points("real"), evidence.points("fake")
        control = evidence.points("control") if len(evidence.control) >= _FEWEST else None
        counts = {"fake": len(fake), "real": len(real)}
        here = frechet(fake, real)
        floor = None if control is None else frechet(control, real)
        remarks = _remarks(counts, fake.shape[1])
        if getattr(evidence.embedder, "is_fid", False):
            remarks = ("In this embedding the Fréchet distance is the Fréchet inception distance (FID).", *remarks)
        scores = [_score("frechet_distance", here, floor, counts, _words(here, floor), remarks)]
        limit = frechet_limit(fake, real, here)
        if limit is not None:
            floor = None if control is None else frechet_limit(control, real, floor)
            words = f"With infinitely many samples the distance would be about {limit.value:.3g}."
            scores.append(_score("frechet_limit", limit, floor, counts, words, ()))
        return Findings(scores)


def _score(
    name: str, estimate: Estimate, floor: Estimate | None, counts: dict[str, int], words: str, remarks: tuple[str, ...]
) -> Score:
    low, high = normal(*estimate)
    return Score(
        name=name, value=estimate.value, low=low, high=high, floor=None if floor is None else floor.value, ideal=0.0,
        counts=counts, words=words, remarks=remarks,
    )  # fmt: skip


def _words(here: Estimate, floor: Estimate | None) -> str:
    if floor is None or not floor.value:
        return f"The made examples are {here.value:.3g} away from the real ones; 0 would be alike."
    times = f"{here.value / floor.value:.3g} times as far from the real ones as other real examples are (the floor)"
    return f"The made examples are {times}."


def _remarks(counts: dict[str, int], features: int) -> tuple[str, ...]:
    fewest = min(counts.values())
    if fewest > features:
        return ()
    return (
        f"{fewest} examples are fewer than the {features} features, so the covariances are singular and the distance "
        "says little: trust the kernel distance.",
    )
