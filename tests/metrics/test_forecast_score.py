"""Forecasts by the true law beat others, and others' own are said to be worse."""

from __future__ import annotations

import pytest
from tests.metrics.walks import SPREAD, judged, walk

from mintage.metrics.forecast_score import ForecastScore


def scored(**spreads: float) -> dict:
    return {score.name: score for score in ForecastScore().measure(judged(walk(spreads))).scores}


def test_the_true_law_beats_one_that_is_too_wide() -> None:
    found = scored(true=SPREAD, wide=4 * SPREAD)
    assert "true foretells better than wide" in found["forecast_score"].words
    assert found["forecast_edge"].high < 0
    assert found["pinball"].value < found["pinball"].baselines["wide"]
    assert found["forecast_score"].low < found["forecast_score"].value < found["forecast_score"].baselines["wide"]


def test_a_wrong_law_is_worse_and_the_same_one_has_no_edge() -> None:
    found = scored(wide=4 * SPREAD, true=SPREAD, still=SPREAD / 20)
    assert "wide foretells worse than true" in found["forecast_score"].words
    assert found["forecast_edge"].low > 0
    assert {name for name in found if "/" in name} == {"forecast_edge/still"}
    assert "no edge" in scored(one=SPREAD, other=SPREAD)["forecast_score"].words


def test_crps_is_that_of_a_normal_law() -> None:
    value = scored(one=SPREAD, other=SPREAD)["forecast_score"].value
    steps = (1 + 2**0.5 + 3**0.5 + 2) / 4  # spreads of sums of one to four steps
    assert value == pytest.approx(steps * 0.5642 / 0.8, rel=0.08)
