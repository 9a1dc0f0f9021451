"""Kernel distance: what simple means score beside it is what they would score themselves."""

from __future__ import annotations

from tests.metrics.quadrants import evidence, quadrants

from mintage.metrics.kernel_distance import KernelDistance


def test_baselines_score_as_if_they_were_judged() -> None:
    made, simple = quadrants(200, seed=9, light=40), quadrants(200, seed=8, light=20)
    (score,) = KernelDistance().measure(evidence(made, baselines={"pale": simple})).scores
    (alone,) = KernelDistance().measure(evidence(simple)).scores
    assert score.baselines == {"pale": alone.value}
    assert score.value < alone.value
    assert alone.baselines == {}
