"""Class histogram: equal shares are near 0, half of the classes dropped is 0.5, and intervals cover."""

from __future__ import annotations

import pytest
import torch
from tests.metrics.quadrants import evidence, quadrants

from mintage.contracts import Evidence, Examples, Score
from mintage.metrics import class_histogram
from mintage.metrics.class_histogram import ClassHistogram


@pytest.fixture(scope="module")
def judged() -> Evidence:
    """Evidence whose classifier has been trained already, for all tests to share."""
    seen = evidence(quadrants(400, seed=9))
    ClassHistogram().measure(seen)
    return seen


def scores(fake: Examples, judged: Evidence) -> dict[str, Score]:
    found = ClassHistogram().measure(evidence(fake, _once=dict(judged._once)))
    return {score.name: score for score in found.scores}


def test_equal_shares_are_near_zero_and_chance_explains_the_rest(judged: Evidence) -> None:
    found = scores(quadrants(400, seed=10), judged)["class_histogram"]
    assert found.value < 0.03
    assert found.low == 0.0
    assert found.floor == pytest.approx(0.0, abs=0.03)
    assert "chance alone" in found.words


def test_half_of_the_classes_dropped_is_a_half(judged: Evidence) -> None:
    found = scores(quadrants(400, seed=10, classes=(0, 3)), judged)
    total = found["class_histogram"]
    assert total.value == pytest.approx(0.5, abs=0.03)
    assert total.low is not None
    assert total.high is not None
    assert total.low < 0.5 < total.high
    assert "too few of north-east" in total.words or "too few of south-west" in total.words
    assert found["class_share/north-west"].value == pytest.approx(0.5, abs=0.03)
    assert found["class_share/north-east"].value == pytest.approx(0.0, abs=0.03)
    assert found["class_share/north-east"].ideal == pytest.approx(0.25, abs=0.03)


def test_many_classes_have_no_score_each(judged: Evidence) -> None:
    many = evidence(judged.fake, classes=[str(label) for label in range(21)], _once=dict(judged._once))
    many._once["expert"] = _Everything()
    assert [score.name for score in ClassHistogram().measure(many).scores] == ["class_histogram"]


class _Everything:
    def logits(self, x: torch.Tensor) -> torch.Tensor:
        return torch.eye(21)[torch.arange(len(x)) % 21]


def test_without_classes_it_says_so() -> None:
    bare = Examples(quadrants(100, seed=3).x)
    assert "no classes" in ClassHistogram().lacks(evidence(quadrants(100, seed=9), train=bare))
    assert ClassHistogram().lacks(evidence(Examples(quadrants(100, seed=9).x))) == ""  # made ones need none


@pytest.mark.parametrize("distance", [0.0, 0.05, 0.3])
def test_the_interval_covers_the_true_distance_as_often_as_it_says(distance: float) -> None:
    rng = torch.Generator().manual_seed(0)
    real = torch.full((10,), 0.1, dtype=torch.float64)
    made = real + distance / 5 * torch.tensor([1.0, -1.0]).repeat(5)

    def counts(shares: torch.Tensor) -> torch.Tensor:
        return torch.bincount(torch.multinomial(shares, 2000, True, generator=rng), minlength=10).double()

    covered = 0
    for _ in range(200):
        a, b = counts(made), counts(real)
        low, high = class_histogram._interval(a, b, class_histogram._chance(a, b))
        covered += low - 1e-9 <= distance <= high
    assert covered >= 184
