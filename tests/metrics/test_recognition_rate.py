"""Recognition rates: alike is a half, noise is one, and the interval is of examples that the judge never saw."""

from __future__ import annotations

import pytest
import torch
from tests.metrics.quadrants import evidence, quadrants

from mintage.contracts import Examples, Score
from mintage.metrics.recognition_rate import RecognitionRate

QUICK = RecognitionRate(steps=40)
NOISE = Examples(torch.randint(256, (400, 8, 8, 1), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)))


def scores(fake: Examples, **other: object) -> dict[str, Score]:
    return {score.name: score for score in QUICK.measure(evidence(fake, **other)).scores}


def test_examples_of_the_same_source_cannot_be_told_apart() -> None:
    for score in scores(quadrants(400, seed=9)).values():
        assert score.low is not None
        assert score.high is not None
        assert score.low < 0.5 < score.high
        assert score.floor == pytest.approx(0.5, abs=0.1)
        assert score.ideal == 0.5
        assert score.counts == {"learned from": 400, "tested on": 400}
        assert "of cases" in score.words


def test_noise_is_told_from_images_every_time() -> None:
    found = scores(NOISE)
    assert found["recognition_rate"].value > 0.99
    assert found["recognition_rate"].high == 1.0


def test_the_probe_sees_what_the_embedding_sees() -> None:
    found = scores(quadrants(400, seed=9, light=30.0))
    assert 0.65 < found["probe_rate"].value < 1.0
    assert found["probe_rate"].low is not None
    assert found["probe_rate"].low > 0.5


def test_a_perfect_discriminator_is_always_right_and_one_that_guesses_half_of_the_time() -> None:
    def by_first_pixel(examples: Examples) -> torch.Tensor:
        return -examples.x[:, 0, 0, 0].float()

    white = quadrants(400, seed=9)
    white.x[:, 0, 0] = 255
    real = quadrants(400, seed=2)
    real.x[:, 0, 0] = 0
    found = scores(white, real=real, logits=by_first_pixel)["discriminator_rate"]
    assert found.value == 1.0
    same = scores(quadrants(400, seed=9), logits=lambda x: torch.zeros(len(x)))["discriminator_rate"]
    assert same.value == 0.5


def test_without_a_discriminator_there_is_no_rate_of_it() -> None:
    assert set(scores(quadrants(40, seed=9))) == {"recognition_rate", "probe_rate"}


def test_the_same_evidence_gives_the_same_scores() -> None:
    assert scores(quadrants(100, seed=9)) == scores(quadrants(100, seed=9))


def test_fewer_made_than_real_examples_are_judged_in_equal_numbers() -> None:
    found = scores(quadrants(101, seed=9))["recognition_rate"]
    assert found.counts == {"learned from": 100, "tested on": 102}


def test_too_few_control_examples_are_said_to_give_no_floor() -> None:
    found = scores(quadrants(100, seed=9), control=quadrants(10, seed=4))["recognition_rate"]
    assert found.floor is None
    assert "no floor" in found.remarks[0]


def test_too_few_examples_to_split_are_refused_in_words() -> None:
    assert "39 examples of a kind" in QUICK.lacks(evidence(quadrants(39, seed=9)))
    assert QUICK.lacks(evidence(quadrants(40, seed=9))) == ""
