"""Intervals of the true law hold what they say, narrow ones less."""

from __future__ import annotations

from tests.metrics.walks import SPREAD, judged, walk

from mintage.metrics.interval_coverage import IntervalCoverage


def test_honest_intervals_hold_and_narrow_ones_do_not() -> None:
    scores = IntervalCoverage().measure(judged(walk({"true": SPREAD, "narrow": SPREAD / 3}))).scores
    assert [score.ideal for score in scores] == [0.95, 0.8, 0.5]
    for score in scores:
        assert score.low < score.ideal < score.high, score.name
        assert score.baselines["narrow"] < score.low
    assert "as they say" in scores[0].words
    wrong = IntervalCoverage().measure(judged(walk({"narrow": SPREAD / 3, "true": SPREAD}))).scores
    assert "too narrow" in wrong[0].words
