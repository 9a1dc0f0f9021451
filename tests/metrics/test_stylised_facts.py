"""Moves of the same law share its facts; tails, company and memory that are planted are missed."""

from __future__ import annotations

import numpy as np
from tests.metrics.walks import SPREAD, judged, returns, walk

from mintage.metrics.stylised_facts import StylisedFacts

FAR = walk({"ours": SPREAD, "other": SPREAD}, origins=2)


def scored(made: np.ndarray) -> dict:
    return {score.name: score for score in StylisedFacts().measure(judged(FAR, made=made)).scores}


def test_the_same_law_has_the_same_facts() -> None:
    found = scored(returns(60, 40, 9))
    assert found["stylised_facts"].value >= 0.75
    assert found["stylised_facts/cross correlation"].ideal > 0.3


def test_heavy_tails_and_lost_company_are_named() -> None:
    planted = returns(60, 40, 9) * np.random.default_rng(0).pareto(2.5, (60, 40, 1))
    planted[..., 1] = planted[::-1, :, 1]
    (whole, *_) = scored(planted).values()
    assert "kurtosis" in whole.words
    assert "cross correlation" in whole.words
    assert whole.value <= 0.5


def test_it_asks_for_stretches_that_are_long_enough() -> None:
    few = judged(FAR)
    assert StylisedFacts().lacks(few) == ""
    object.__setattr__(few.series, "real", few.series.real[:5])
    assert "8 stretches" in StylisedFacts().lacks(few)
