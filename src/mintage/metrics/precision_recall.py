"""Precision and recall, density and coverage: fidelity and variety told apart by nearest neighbours."""

from __future__ import annotations

from typing import ClassVar

from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes, Score
from mintage.statistics.gaussians import Estimate
from mintage.statistics.intervals import normal
from mintage.statistics.manifolds import Manifold, Overlap, coverage_variance, held, share_interval

__all__ = ["PrecisionRecall"]

_MEANINGS = {
    "precision": "{value} of the made examples lie where real ones do",
    "recall": "{value} of the real examples lie where made ones do",
    "coverage": "{value} of the real examples have a made one among their nearest",
}


class PrecisionRecall(Settings):
    """Precision and recall (Kynkäänniemi et al., 2019), density and coverage (Naeem et al., 2020).

    Low precision: images that look like none of the real ones. Low recall or coverage: kinds of real images that are
    never made. Coverage is the better of these two: recall rewards made images that lie far from everything. All
    depend on k and on the number of images, so both sides are cut to the same number, and even real images do not
    reach 1: see the floor.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("pictures", "text")

    k: int = 5
    """Neighbours that a neighbourhood reaches to."""

    def lacks(self, evidence: Evidence) -> str:
        """Neighbourhoods need more images than neighbours."""
        fewest = min(len(evidence.fake), len(evidence.real))
        return f"{self.k} neighbours need {self.k + 2} examples or more, and there are {fewest}" * (fewest < self.k + 2)

    def measure(self, evidence: Evidence) -> Findings:
        """Scores precision, recall, density and coverage."""
        count = min(len(evidence.fake), len(evidence.real))
        real, fake = (Manifold(evidence.points(part)[:count], self.k) for part in ("real", "fake"))
        control = Manifold(evidence.points("control")[:count], self.k)
        remarks = []
        if len(evidence.fake) != len(evidence.real):
            remarks.append(f"Both sides are cut to {count:,} examples, since all four depend on their number.")
        held_fakes, held_reals = held(real, fake.points), held(fake, real.points)
        floor = Overlap.of(real, control) if len(control.points) > self.k else None
        if floor and len(control.points) < count:
            remarks.append(f"The floor is of {len(control.points):,} examples only, and so not quite the same measure.")
        spread = coverage_variance(held_fakes.covered, real, fake)
        return Findings(
            [
                _share("precision", *held_fakes.share, count, floor, remarks),
                _share("recall", *held_reals.share, count, floor, remarks),
                _density(held_fakes.depth, count, floor, remarks),
                _share("coverage", held_fakes.covered, spread, count, floor, remarks),
            ]
        )


def _share(
    name: str, value: float, variance: float | None, count: int, floor: Overlap | None, remarks: list[str]
) -> Score:
    of_floor = getattr(floor, name) if floor else None
    words = _MEANINGS[name].format(value=f"{value:.1%}")
    low = high = None
    if variance is None:
        remarks = [*remarks, f"{count} examples are too few for an interval."]
    else:
        low, high = share_interval(value, variance, count)
        low = min(low, value)  # rounding can lift an end off zero
        words += f" ({low:.1%} to {high:.1%})"
    if of_floor is not None:
        words += f"; with other real examples in place of the made ones it is {of_floor:.1%}"
    return Score(
        name=name,
        value=value,
        low=low,
        high=high,
        floor=of_floor,
        ideal=1.0,
        counts={"fake": count, "real": count},
        words=f"{words}.",
        remarks=remarks,
    )


def _density(density: Estimate, count: int, floor: Overlap | None, remarks: list[str]) -> Score:
    low, high = normal(*density)
    return Score(
        name="density",
        value=density.value,
        low=max(low, 0.0),
        high=high,
        floor=floor.density if floor else None,
        ideal=1.0,
        counts={"fake": count, "real": count},
        words=f"Around a made example real ones lie {density.value:.2f} times as densely ({max(low, 0.0):.2f} to "
        f"{high:.2f}) as around a real one; more than 1 means that the made ones keep to the common kinds.",
        remarks=remarks,
    )
