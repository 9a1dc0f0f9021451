"""Copies of what was learned are seen, blurred ones too; what is merely of the same law is not."""

from __future__ import annotations

from dataclasses import replace

from tests.metrics.walks import SPREAD, judged, returns, walk

from mintage.metrics.copied_stretches import CopiedStretches

FAR = walk({"ours": SPREAD, "other": SPREAD}, origins=2)
LEARNED = returns(60, 40, 8)  # the seed of what `judged` says was learned from


def test_the_same_law_is_no_copy() -> None:
    (score,) = CopiedStretches().measure(judged(FAR)).scores
    assert score.low <= 0.05 <= score.high
    assert "no more than" in score.words


def test_copies_are_seen_wherever_they_lie_and_if_they_are_blurred() -> None:
    made = returns(60, 40, 9)
    made[:, 5:20] = LEARNED[::-1, 12:27] + 0.2 * returns(60, 15, 10)
    (score,) = CopiedStretches().measure(judged(FAR, made=made)).scores
    assert score.value > 0.9
    assert "more than real ones do" in score.words


def test_few_held_out_stretches_are_too_few() -> None:
    told = judged(FAR)
    assert told.series is not None
    few = replace(told, series=replace(told.series, real=told.series.real[:8]))
    assert "there are 8" in CopiedStretches().lacks(few)
