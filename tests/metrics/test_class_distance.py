"""Class distance: alike classes lie at the floor, a class that went wrong stands out, few examples are said."""

from __future__ import annotations

import pytest
import torch
from tests.metrics.quadrants import CLASSES, evidence, quadrants

from mintage.contracts import Examples, Score
from mintage.metrics import class_distance
from mintage.metrics.class_distance import ClassDistance


def scores(fake: Examples, **other: object) -> dict[str, Score]:
    return {score.name: score for score in ClassDistance().measure(evidence(fake, **other)).scores}


def test_classes_of_the_same_source_are_as_near_as_real_ones() -> None:
    found = scores(quadrants(400, seed=9))
    assert set(found) == {"class_distance", *(f"class_distance/{name}" for name in CLASSES)}
    for score in found.values():
        assert score.floor is not None
        assert 0 <= score.value < 30  # levels squared, of quadrants that are 60 apart
        assert score.low is not None
        assert score.remarks == []
    assert found["class_distance"].counts == {"fake": 400, "real": 400}


def test_a_class_mistaken_for_another_stands_out() -> None:
    mistaken = quadrants(400, seed=9)
    assert mistaken.labels is not None
    mistaken.labels[:] = torch.where(mistaken.labels == 1, 0, mistaken.labels)
    mistaken.labels[::8] = 1  # of class 0 in truth
    found = scores(mistaken)
    assert found["class_distance/north-east"].value > 50 * found["class_distance/south-east"].value
    assert "most of all those of north-east" in found["class_distance"].words


def test_fewer_examples_than_features_are_measured_with_shrunk_covariances_and_said_to_be() -> None:
    class Pixels:
        identity, dim = "pixels-00000000", 64

        def __call__(self, x: torch.Tensor) -> torch.Tensor:
            return x.flatten(1).float()

    found = scores(quadrants(200, seed=9), embedder=Pixels())  # 50 of a class, 64 features
    one = found["class_distance/north-west"]
    assert one.low is None
    assert "shrunk" in one.remarks[0]
    assert found["class_distance"].low is None
    assert one.value == pytest.approx(one.floor, rel=0.3)


def test_shrinking_brings_the_covariance_nearer_to_the_truth() -> None:
    points = torch.randn(40, 64, generator=torch.Generator().manual_seed(0)) * 2
    truth = 4 * torch.eye(64)
    raw, shrunk = class_distance.fit(points).covariance, class_distance._shrunk(points).covariance
    assert (shrunk - truth).norm() < 0.2 * (raw - truth).norm()
    assert float(shrunk.trace()) == pytest.approx(float(raw.trace()), rel=0.05)


def test_classes_with_too_few_examples_are_left_out_and_counted() -> None:
    found = scores(quadrants(400, seed=9, classes=(0, 1, 2)))
    assert "class_distance/south-east" not in found
    assert found["class_distance"].remarks == ["1 classes have too few examples and are left out"]


def test_without_classes_or_examples_it_says_why() -> None:
    assert "made examples have no classes" in ClassDistance().lacks(evidence(Examples(quadrants(99, seed=9).x)))
    assert "no class has 10" in ClassDistance().lacks(evidence(quadrants(30, seed=9)))
    assert ClassDistance().lacks(evidence(quadrants(99, seed=9))) == ""
