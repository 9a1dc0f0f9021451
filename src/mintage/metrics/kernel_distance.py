"""Kernel distance: unbiased at any number of samples, so it serves where there are too few for a Fréchet distance."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes, Score
from mintage.statistics.intervals import normal
from mintage.statistics.kernels import kernel_distance

__all__ = ["KernelDistance"]

_FEWEST = 10


class KernelDistance(Settings):
    """Kernel inception distance's arithmetic in any embedding (Binkowski et al., 2018): 0 for a perfect generator.

    The full unbiased U-statistic instead of the usual mean over overlapping subsets, whose spread is no error bar.
    Choose it over the Fréchet distance below some thousand samples.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("pictures", "text")

    degree: int = Field(3, ge=1, le=5)
    """Degree of the polynomial kernel; 3 in the paper."""

    def lacks(self, evidence: Evidence) -> str:
        """Why it cannot be measured on this; "" if it can."""
        fewest = min(len(evidence.fake), len(evidence.real))
        return f"{fewest} examples on a side, {_FEWEST} are needed" if fewest < _FEWEST else ""

    def measure(self, evidence: Evidence) -> Findings:
        """{kernel_distance}, with the interval of its U-statistic."""
        real, fake = evidence.points("real"), evidence.points("fake")
        value, variance = kernel_distance(fake, real, degree=self.degree)
        low, high = normal(value, variance)
        floor = None
        if len(evidence.control) >= _FEWEST:
            floor = kernel_distance(evidence.points("control"), real, degree=self.degree).value
        baselines = {
            name: kernel_distance(evidence.embedder(examples.x), real, degree=self.degree).value
            for name, examples in evidence.baselines.items()
        }
        sure = "is surely not zero" if low > 0 else "could be zero: at this number of samples they look alike"
        score = Score(
            name="kernel_distance", value=value, low=low, high=high, floor=floor, ideal=0.0,
            baselines=baselines, counts={"fake": len(fake), "real": len(real)},
            words=f"The distance between the made and the real {sure} ({value:.3g}, between {low:.3g} and {high:.3g}).",
        )  # fmt: skip
        return Findings([score])
