"""The Fréchet distance: known answers, singular cases, its limit, and how its intervals cover."""

from __future__ import annotations

import math

import pytest
import torch

from mintage.statistics.gaussians import Gaussian, fit, frechet, frechet_distance, frechet_limit
from mintage.statistics.intervals import normal


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def gaussian(mean: float, scale: float, features: int = 3) -> Gaussian:
    return Gaussian(torch.full((features,), mean).double(), scale**2 * torch.eye(features).double(), 100)


def test_two_gaussians_are_as_far_apart_as_the_closed_form_says() -> None:
    assert frechet_distance(gaussian(0, 1), gaussian(2, 3)) == pytest.approx(3 * (2**2 + (3 - 1) ** 2))


def test_covariances_that_do_not_commute_agree_with_the_root_of_their_product() -> None:
    a, b = (torch.randn(6, 6, generator=rng(seed)).double() for seed in (1, 2))
    one = Gaussian(torch.zeros(6).double(), a @ a.T, 9)
    other = Gaussian(torch.ones(6).double(), b @ b.T, 9)
    root = torch.linalg.eigvals(one.covariance @ other.covariance).sqrt().sum().real
    expected = 6 + (one.covariance + other.covariance).trace() - 2 * root
    assert frechet_distance(one, other) == pytest.approx(float(expected), rel=1e-9)


def test_the_same_points_are_no_distance_apart() -> None:
    points = torch.randn(50, 8, generator=rng())
    assert frechet_distance(fit(points), fit(points)) == pytest.approx(0, abs=1e-9)


def test_constants_are_apart_by_their_squared_gap_and_nothing_else() -> None:
    a, b = torch.zeros(20, 4), torch.full((20, 4), 2.0)
    assert frechet_distance(fit(a), fit(b)) == pytest.approx(16)


def test_fewer_points_than_features_give_a_finite_distance() -> None:
    a, b = (torch.randn(10, 64, generator=rng(seed)) for seed in (1, 2))
    assert math.isfinite(frechet_distance(fit(a), fit(b)))
    estimate = frechet(a, b)
    assert math.isfinite(estimate.value)
    assert math.isfinite(estimate.variance)
    assert frechet_limit(a, b) is None


def test_blocks_do_not_change_the_moments() -> None:
    points = torch.randn(9000, 5, generator=rng()) + 3
    gaussian = fit(points)
    torch.testing.assert_close(gaussian.covariance, points.double().T.cov())
    torch.testing.assert_close(gaussian.mean, points.double().mean(0))


def test_the_limit_takes_the_bias_away() -> None:
    a, b = (torch.randn(4000, 16, generator=rng(seed)) for seed in (1, 2))
    limit = frechet_limit(a, b)
    assert limit is not None
    assert abs(limit.value) < frechet(a, b).value / 3


def test_one_point_has_no_covariance() -> None:
    with pytest.raises(ValueError, match="two or more"):
        fit(torch.zeros(1, 3))


@pytest.mark.slow
@pytest.mark.parametrize(("shift", "scale"), [(0.1, 0.9), (0.5, 0.7)])
def test_intervals_cover_the_truth_as_often_as_they_say(shift: float, scale: float) -> None:
    """200 repeats: the limit's interval against the closed form, the distance's against its mean over the repeats."""
    features, count, draw = 16, 1000, rng(7)
    truth = features * (shift**2 + (1 - scale) ** 2)
    values, halves, hits = [], [], 0
    for _ in range(200):
        real = torch.randn(count, features, generator=draw)
        fake = torch.randn(count, features, generator=draw) * scale + shift
        value, limit = frechet(fake, real), frechet_limit(fake, real)
        assert limit is not None
        low, high = normal(*limit)
        hits += low <= truth <= high
        values.append(value.value)
        halves.append(normal(*value).high - value.value)
    mean = sum(values) / len(values)
    covered = sum(abs(value - mean) <= half for value, half in zip(values, halves, strict=True)) / 200
    assert 0.92 <= hits / 200 <= 0.98
    assert 0.92 <= covered <= 0.99
