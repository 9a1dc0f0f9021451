"""GAN-train and GAN-test: real-like examples reach the floor, shuffled classes fall to chance."""

from __future__ import annotations

import pytest
import torch
from tests.metrics.quadrants import evidence, quadrants

from mintage.contracts import Examples, Score
from mintage.metrics.gan_train_test import GanTrainTest

QUICK = GanTrainTest(steps=30)


def scores(fake: Examples, **other: object) -> dict[str, Score]:
    return {score.name: score for score in QUICK.measure(evidence(fake, count=200, **other)).scores}


def test_examples_of_the_same_source_teach_as_well_as_real_ones() -> None:
    found = scores(quadrants(200, seed=9))
    for name in ("gan_train", "gan_test"):
        score = found[name]
        assert score.value > 0.95
        assert score.floor == pytest.approx(score.value, abs=0.04)
        assert score.low is not None
        assert score.high is not None
        assert score.low < score.value <= score.high
        assert "guessing would be right in 25%" in score.words


def test_shuffled_classes_leave_nothing_but_chance() -> None:
    shuffled = torch.randint(4, (200,), generator=torch.Generator().manual_seed(1))
    found = scores(Examples(quadrants(200, seed=9).x, shuffled))
    assert found["gan_train"].value < 0.45
    assert found["gan_test"].value == pytest.approx(0.25, abs=0.1)


def test_missing_classes_show_when_learning_from_examples_and_not_when_testing_on_them() -> None:
    found = scores(quadrants(200, seed=9, classes=(0, 1)))
    assert found["gan_train"].value == pytest.approx(0.5, abs=0.05)
    assert found["gan_test"].value > 0.95


def test_without_classes_it_says_whose_are_missing() -> None:
    bare = Examples(quadrants(200, seed=9).x)
    assert "made examples have no classes" in QUICK.lacks(evidence(bare))
    assert "training examples have no classes" in QUICK.lacks(evidence(quadrants(200, seed=9), train=bare))
    assert "only 39 made" in QUICK.lacks(evidence(quadrants(39, seed=9)))
    assert QUICK.lacks(evidence(quadrants(200, seed=9))) == ""


def test_a_control_without_classes_gives_no_floor_and_says_so() -> None:
    found = scores(quadrants(100, seed=9), control=Examples(quadrants(100, seed=4).x))["gan_train"]
    assert found.floor is None
    assert "no floor" in found.remarks[0]
