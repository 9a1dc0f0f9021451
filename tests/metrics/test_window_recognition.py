"""A judge of stretches cannot tell the same law, and tells a walk that swings back from one that does not."""

from __future__ import annotations

import pytest
from tests.metrics.walks import SPREAD, judged, returns, walk

from mintage.metrics.window_recognition import WindowRecognition

pytest.importorskip("sklearn")
FAR = walk({"ours": SPREAD, "other": SPREAD}, origins=2)


def test_the_same_law_cannot_be_told() -> None:
    (score,) = WindowRecognition().measure(judged(FAR)).scores
    assert score.low < 0.5 < score.high
    assert 0.35 < score.value < 0.65
    assert 0.35 < score.floor < 0.65


def test_moves_that_swing_back_and_wider_ones_are_told() -> None:
    made = returns(60, 40, 9)
    swinging = made.copy()
    swinging[:, 1:] -= 0.7 * made[:, :-1]
    for planted in (swinging, 2 * made):
        (score,) = WindowRecognition().measure(judged(FAR, made=planted)).scores
        assert score.value > 0.85


def test_few_stretches_are_too_few() -> None:
    few = judged(FAR, made=returns(6, 40, 9))
    assert "there are 6" in WindowRecognition().lacks(few)
