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
    heavy = returns(60, 40, 9) * np.random.default_rng(0).pareto(2.5, (60, 40, 1))
    assert "kurtosis" in scored(heavy)["stylised_facts"].words
    alone = returns(60, 40, 9)
    alone[..., 1] = returns(60, 40, 10)[..., 1]
    assert "cross correlation" in scored(alone)["stylised_facts"].words
    assert scored(alone)["stylised_facts"].value < scored(returns(60, 40, 9))["stylised_facts"].value


def test_it_asks_for_stretches_that_are_long_enough() -> None:
    few = judged(FAR)
    assert StylisedFacts().lacks(few) == ""
    object.__setattr__(few.series, "real", few.series.real[:5])
    assert "8 stretches" in StylisedFacts().lacks(few)
