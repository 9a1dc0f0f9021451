"""Diversity and duplicates on sets whose answers are known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mintage.contracts import Evidence, Examples, Score
from mintage.errors import DataError
from mintage.metrics.diversity import Diversity
from mintage.seeding import generator


class Pixels:
    identity, dim = "pixels", 16

    def __call__(self, x: Tensor) -> Tensor:
        return x.flatten(1).float()


def images(count: int = 300, *, seed: int = 0, spread: float = 20.0, classes: int = 1) -> Examples:
    rng = generator(seed, "images")
    labels = torch.arange(count) % classes
    centres = 128 + 60 * torch.randn(10, 16, generator=generator(0, "centres"))[labels]
    x = (centres + spread * torch.randn(count, 16, generator=rng)).clamp(0, 255).byte()
    return Examples(x.view(count, 4, 4, 1), labels if classes > 1 else None)


def judge(fake: Examples, classes: int = 1) -> dict[str, Score]:
    real, control = images(classes=classes), images(seed=2, classes=classes)
    evidence = Evidence(fake=fake, real=real, control=control, train=real, embedder=Pixels())
    assert not Diversity().lacks(evidence)
    return {score.name: score for score in Diversity().measure(evidence).scores}


def test_other_real_examples_are_as_diverse_and_have_as_few_duplicates() -> None:
    scores = judge(images(seed=1))
    assert scores["diversity"].low < 1 < scores["diversity"].high
    assert scores["diversity"].floor == pytest.approx(1.0, abs=0.05)
    assert scores["duplicates"].value < 0.04
    assert "class_diversity" not in scores


def test_half_the_spread_is_half_the_diversity() -> None:
    assert judge(images(seed=1, spread=10.0))["diversity"].value == pytest.approx(0.5, abs=0.03)


def test_one_image_repeated_has_no_diversity_and_is_all_duplicates() -> None:
    scores = judge(images().rows(torch.zeros(300, dtype=torch.int64)))
    assert scores["diversity"].value == pytest.approx(0.0, abs=1e-3)
    assert scores["duplicates"].value == 1.0
    assert scores["duplicates"].low > 0.95


def test_a_tenth_that_is_repeated_is_seen_as_duplicates() -> None:
    fake = images(seed=1)
    fake.x[:30] = fake.x[30:60]
    score = judge(fake)["duplicates"]
    assert score.value == pytest.approx(0.2, abs=0.04)
    assert score.low > score.floor


def test_collapse_within_classes_shows_although_all_classes_are_made() -> None:
    scores = judge(images(seed=1, spread=4.0, classes=5), classes=5)
    assert scores["class_diversity"].value == pytest.approx(0.2, abs=0.03)
    assert scores["diversity"].value > 0.6
    assert scores["class_diversity"].floor == pytest.approx(1.0, abs=0.1)


@pytest.mark.slow
def test_intervals_of_diversity_cover_what_they_say() -> None:
    found = [Diversity().measure(evidence).scores[0] for evidence in map(_repeat, range(200))]
    truth = sum(score.value for score in found) / len(found)
    assert 0.92 <= sum(score.low <= truth <= score.high for score in found) / len(found) <= 0.98


def _repeat(seed: int) -> Evidence:
    fake, real = images(60, seed=1000 + seed, spread=15.0), images(60, seed=2000 + seed)
    return Evidence(fake=fake, real=real, control=real.rows(slice(0)), train=real, embedder=Pixels())


def test_equal_reals_and_few_examples_are_refused() -> None:
    same, few = images().rows(torch.zeros(50, dtype=torch.int64)), images(5)
    with pytest.raises(DataError, match="the same"):
        Diversity().measure(Evidence(fake=images(50), real=same, control=same, train=same, embedder=Pixels()))
    assert "there are 5" in Diversity().lacks(Evidence(fake=few, real=few, control=few, train=few, embedder=Pixels()))
