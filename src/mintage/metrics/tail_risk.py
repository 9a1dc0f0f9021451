"""Whether the losses that a forecaster says are seldom passed are passed as seldom, and not all at once."""

from __future__ import annotations

from typing import ClassVar

from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes, Score
from mintage.forecasts import Walk
from mintage.statistics.intervals import binomial
from mintage.statistics.walks import tail_tests

__all__ = ["TailRisk"]

_SHARES = {0.05: "tail_risk", 0.01: "tail_risk_99"}


class TailRisk(Settings):
    """How often the next step's return, all variables alike, passed the value at risk of 95 and of 99 %.

    As often as it says if the score is 0.05 and 0.01 (Kupiec, 1995), and independently if one passing does not make
    another likely (Christoffersen, 1998). It reads variables that grow by shares, as prices do.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("series",)

    def lacks(self, evidence: Evidence) -> str:
        """Forecasts one step ahead, row by row, of what grows."""
        series = evidence.series
        if series is None:
            return "it reads series"
        return "it needs variables that grow by shares, as prices do, and 100 steps in a row" * (series.near is None)

    def measure(self, evidence: Evidence) -> Findings:
        """The scores tail_risk, at 95 %, and tail_risk_99."""
        assert evidence.series is not None
        assert evidence.series.near is not None
        return Findings([self._score(evidence.series.near, share) for share in _SHARES])

    def _score(self, near: Walk, share: float) -> Score:
        tests = tail_tests(near, share)
        own = tests.pop(near.ours)
        low, high = binomial(own.exceeded, own.steps)
        remarks = [
            f"chance alone departs so far in {own.frequency:.2g} of cases (Kupiec), clusters so in "
            f"{own.clustering:.2g} (Christoffersen), both in {own.both:.2g}"
        ]
        if own.exceeded:
            remarks.append(f"beyond it {own.lost:.2%} was lost on average, and {own.foretold:.2%} foretold")
        return Score(
            name=_SHARES[share], value=own.exceeded / own.steps, low=low, high=high, ideal=share,
            baselines={name: test.exceeded / test.steps for name, test in tests.items()},
            counts={"steps": own.steps}, words=own.words(share), remarks=remarks,
        )  # fmt: skip
