"""Precision, recall, density and coverage on sets whose answers are known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mintage.contracts import Evidence, Examples, Score
from mintage.metrics.precision_recall import PrecisionRecall
from mintage.seeding import generator


class Bytes:
    """Points whose floats are kept as bytes of an image, so that they come out as they went in."""

    identity, dim = "bytes", 0

    def __call__(self, x: Tensor) -> Tensor:
        return x.flatten(1).contiguous().view(torch.float32)


def examples(points: Tensor) -> Examples:
    return Examples(points.contiguous().view(torch.uint8).reshape(len(points), 1, -1, 4))


def cloud(count: int = 400, features: int = 6, *, seed: int = 0) -> Tensor:
    return torch.randn(count, features, generator=generator(seed, "cloud"))


def judge(fake: Tensor, real: Tensor, control: Tensor | None = None) -> dict[str, Score]:
    other = examples(cloud(len(fake), real.shape[1], seed=9) if control is None else control)
    evidence = Evidence(fake=examples(fake), real=examples(real), control=other, train=examples(real), embedder=Bytes())
    assert not PrecisionRecall().lacks(evidence)
    return {score.name: score for score in PrecisionRecall().measure(evidence).scores}


def values(scores: dict[str, Score]) -> list[float]:
    return [scores[name].value for name in ("precision", "recall", "density", "coverage")]


def test_identical_sets_are_perfect() -> None:
    assert values(judge(cloud(), cloud())) == pytest.approx([1.0, 1.0, 1.0, 1.0])


def test_disjoint_constants_have_nothing_in_common() -> None:
    assert values(judge(torch.ones(200, 4), torch.zeros(200, 4))) == [0.0, 0.0, 0.0, 0.0]


def test_one_image_repeated_is_precise_but_covers_nothing() -> None:
    scores = judge(cloud()[:1].repeat(400, 1), cloud())
    assert scores["precision"].value == 1.0
    assert scores["recall"].value == 0.0
    assert scores["coverage"].value < 0.05


def test_other_examples_of_the_same_kind_reach_the_floor() -> None:
    scores = judge(cloud(seed=1), cloud())
    for name in ("precision", "recall", "density", "coverage"):
        score = scores[name]
        assert score.floor == pytest.approx(score.value, abs=0.12)
        assert score.low <= score.value <= score.high
        assert f"{score.value:.2f}" in score.words or f"{score.value:.1%}" in score.words


def test_noise_is_not_precise() -> None:
    scores = judge(10 * cloud(seed=1), cloud())
    assert scores["precision"].high < 0.2
    assert scores["coverage"].high < 0.2


def test_half_the_classes_dropped_halves_coverage_but_not_precision() -> None:
    classes = 8 * torch.eye(10, 12)
    real = classes.repeat(50, 1) + cloud(500, 12)
    fake = classes[:5].repeat(100, 1) + cloud(500, 12, seed=1)
    scores = judge(fake, real)
    assert scores["coverage"].value == pytest.approx(0.5, abs=0.03)
    assert scores["recall"].value < 0.5
    assert scores["precision"].value > 0.8


def test_both_sides_are_cut_to_the_same_number_and_that_is_said() -> None:
    score = judge(cloud(300, seed=1), cloud(400))["coverage"]
    assert score.counts == {"fake": 300, "real": 300}
    assert any("300" in remark for remark in score.remarks)


def test_order_does_not_move_the_interval_off() -> None:
    real, fake = cloud(), cloud(seed=1)
    one, other = judge(fake, real)["coverage"], judge(fake, real[real[:, 0].argsort()])["coverage"]
    assert one.value == other.value
    assert one.low == pytest.approx(other.low, abs=0.05)


def test_few_images_have_no_interval_or_no_score() -> None:
    score = judge(cloud(50, seed=1), cloud(50))["coverage"]
    assert score.low is None
    assert "too few" in " ".join(score.remarks)
    few = examples(cloud(5))
    assert "there are 5" in PrecisionRecall().lacks(
        Evidence(fake=few, real=few, control=few, train=few, embedder=Bytes())
    )
