"""Whether the intervals of forecasts hold as many truths as they say."""

from __future__ import annotations

from typing import ClassVar

from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes, Score
from mintage.statistics.walks import held, words_of_coverage

__all__ = ["IntervalCoverage"]

_LEVELS = {0.95: "interval_coverage", 0.8: "interval_coverage/80 %", 0.5: "interval_coverage/50 %"}


class IntervalCoverage(Settings):
    """The share of truths inside central intervals of the paths, walked forward (Christoffersen, 1998).

    Its interval allows for neighbours in time that are alike (Newey and West, 1987). A wide forecast holds much and
    says little: read it beside `forecast_score`.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("series",)

    def lacks(self, evidence: Evidence) -> str:
        """Forecasts."""
        return "it reads series" if evidence.series is None else ""

    def measure(self, evidence: Evidence) -> Findings:
        """The score interval_coverage, of 95 %, and those of 80 and 50 % as its parts."""
        assert evidence.series is not None
        walk = evidence.series.far
        scores = []
        for level, name in _LEVELS.items():
            found = held(walk, level)
            share, trusted = found[walk.ours]
            scores.append(Score(
                name=name, value=share, low=trusted.low, high=trusted.high, ideal=level,
                baselines={other: each[0] for other, each in found.items() if other != walk.ours},
                counts={"origins": len(walk.stamps), "steps ahead": walk.truths.shape[1]},
                words=words_of_coverage(walk.ours, level, share, trusted),
            ))  # fmt: skip
        return Findings(scores)
