"""A value at risk of the true law is passed as often as it says; a careless one is caught, and so is a sign."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tests.metrics.walks import SPREAD, judged, walk

from mintage.metrics.tail_risk import TailRisk


def scored(spread: float, sign: float = 1.0) -> list:
    far = walk({"ours": SPREAD, "other": SPREAD})
    near = walk({"ours": spread, "other": 2 * SPREAD}, origins=400, steps=1, n=500)
    crash = np.where(np.random.default_rng(3).random((400, 1, 1)) < 0.06, sign * -0.05, 0.0)
    near = replace(near, truths=near.truths * (1 + crash))
    honest = {name: paths * (1 + np.where(np.random.default_rng(4).random((400, 500, 1, 1)) < 0.06, -0.05, 0.0))
              for name, paths in near.paths.items()}  # fmt: skip
    return TailRisk().measure(judged(far, replace(near, paths=honest))).scores


def test_an_honest_value_at_risk_is_passed_as_often_as_it_says() -> None:
    at_95, at_99 = scored(SPREAD)
    assert at_95.low < 0.05 < at_95.high
    assert at_99.low < 0.01 < at_99.high
    assert "as it should be" in at_95.words
    assert "Kupiec" in at_95.remarks[0]


def test_losses_that_were_foretold_as_gains_are_caught() -> None:
    at_95, _ = scored(SPREAD, sign=-1.0)  # nothing falls so far as was foretold
    assert at_95.value < 0.03
    assert "overstated" in at_95.words


def test_it_asks_for_what_grows() -> None:
    assert "grow by shares" in TailRisk().lacks(judged(walk({"ours": SPREAD, "other": SPREAD})))
