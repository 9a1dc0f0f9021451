"""Class score: certain and even is the number of classes, one class alone is 1."""

from __future__ import annotations

import pytest
import torch
from tests.metrics.quadrants import evidence, quadrants

from mintage.contracts import Evidence, Examples, Score
from mintage.metrics.class_score import ClassScore


class Answers:
    """A classifier that reads its logits from the first pixel."""

    def __init__(self, table: torch.Tensor) -> None:
        self.table = table

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        return self.table[x[:, 0, 0, 0].long()]


def images(first_pixels: torch.Tensor) -> Examples:
    x = torch.zeros(len(first_pixels), 8, 8, 1, dtype=torch.uint8)
    x[:, 0, 0, 0] = first_pixels.byte()
    return Examples(x)


def score(seen: Evidence) -> Score:
    (only,) = ClassScore().measure(seen).scores
    return only


CERTAIN = Answers(torch.eye(4) * 100)


def test_certain_and_even_classes_reach_their_number() -> None:
    even = images(torch.arange(400) % 4)
    found = score(evidence(even, real=even, _once={"expert": CERTAIN}))
    assert found.value == pytest.approx(4.0)
    assert found.floor == pytest.approx(4.0)
    assert found.ideal is None


def test_one_class_alone_is_one() -> None:
    alone = images(torch.zeros(400))
    assert score(evidence(alone, real=alone, _once={"expert": CERTAIN})).value == pytest.approx(1.0)


def test_the_interval_covers_the_value_for_endlessly_many_examples() -> None:
    rng = torch.Generator().manual_seed(0)
    table = torch.randn(16, 4, generator=rng) * 2
    shares = torch.softmax(table, 1).double()
    truth = float((shares * (shares / shares.mean(0)).log()).sum(1).mean().exp())
    covered = 0
    for _ in range(200):
        drawn = images(torch.randint(16, (500,), generator=rng))
        found = score(evidence(drawn, count=40, real=drawn, _once={"expert": Answers(table)}))
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= truth <= found.high
    assert 182 <= covered <= 199


def test_a_trained_classifier_tells_images_from_noise() -> None:
    rng = torch.Generator().manual_seed(0)
    noise = Examples(torch.randint(256, (200, 8, 8, 1), dtype=torch.uint8, generator=rng))
    found = score(evidence(noise, count=200))
    assert found.floor is not None
    assert found.value < 0.8 * found.floor
    assert "Kept for history" in found.words


def test_without_classes_it_says_so() -> None:
    bare = Examples(quadrants(100, seed=3).x)
    assert "no classes" in ClassScore().lacks(evidence(quadrants(100, seed=9), train=bare))
