"""Our distances beside those of the field's packages, on the same features; and where a package misleads, how."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from mintage.statistics.gaussians import fit, frechet_distance
from mintage.statistics.kernels import kernel_distance

pytestmark = pytest.mark.reference


def points(count: int, features: int, seed: int) -> tuple[Tensor, Tensor]:
    """Two sets of correlated, skewed points that differ a little."""
    rng = torch.Generator().manual_seed(seed)
    mix = torch.randn(features, features, generator=rng) / features**0.5
    a, b = (torch.randn(count, features, generator=rng) @ mix for _ in range(2))
    return a.relu() + 0.1 * a, (0.9 * b + 0.05).relu() + 0.1 * b


@pytest.mark.parametrize(("count", "features"), [(2000, 64), (2000, 512), (300, 512)])
def test_the_frechet_distance_is_that_of_torch_fidelity(count: int, features: int) -> None:
    package = pytest.importorskip("torch_fidelity.metric_fid")
    a, b = points(count, features, 0)
    statistics = [package.fid_features_to_statistics(x) for x in (a, b)]
    theirs = package.fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]
    assert frechet_distance(fit(a), fit(b)) == pytest.approx(theirs, rel=1e-3)


@pytest.mark.parametrize(("count", "features"), [(2000, 64), (2000, 256)])
def test_the_frechet_distance_is_that_of_pytorch_fid(count: int, features: int) -> None:
    package = pytest.importorskip("pytorch_fid.fid_score")
    a, b = points(count, features, 1)
    moments = [moment for x in (a, b) for moment in (x.double().mean(0).numpy(), np.cov(x.numpy(), rowvar=False))]
    theirs = package.calculate_frechet_distance(*moments)
    assert frechet_distance(fit(a), fit(b)) == pytest.approx(float(theirs), rel=1e-3)


def test_the_kernel_distance_is_that_of_torch_fidelity_over_one_whole_subset() -> None:
    package = pytest.importorskip("torch_fidelity.metric_kid")
    a, b = points(1000, 64, 2)
    theirs = package.kid_features_to_metric(a, b, kid_subsets=1, kid_subset_size=1000, verbose=False)
    assert kernel_distance(a, b).value == pytest.approx(theirs["kernel_inception_distance_mean"], abs=1e-6)


def test_the_spread_of_overlapping_subsets_is_no_standard_error() -> None:
    """torch-fidelity prints mean and spread of 100 subsets of 1,000; the spread stays large however many points."""
    package = pytest.importorskip("torch_fidelity.metric_kid")
    values, spreads, ours = [], [], []
    for seed in range(12):
        a, b = points(4000, 16, 100)[0], points(4000, 16, 100)[1]
        rng = torch.Generator().manual_seed(seed)
        a, b = (x[torch.randint(4000, (4000,), generator=rng)] for x in (a, b))
        theirs = package.kid_features_to_metric(a, b, kid_subsets=100, kid_subset_size=1000, verbose=False)
        spreads.append(theirs["kernel_inception_distance_std"])
        estimate = kernel_distance(a, b)
        values.append(estimate.value)
        ours.append(estimate.variance**0.5)
    real_spread = float(np.std(values, ddof=1))
    assert float(np.mean(spreads)) > 1.3 * real_spread
    assert 0.6 * real_spread < float(np.mean(ours)) < 1.7 * real_spread


def test_both_distances_are_those_of_torchmetrics() -> None:
    fid, kid = pytest.importorskip("torchmetrics.image.fid"), pytest.importorskip("torchmetrics.image.kid")
    a, b = points(1000, 64, 3)
    moments = [moment for x in (a, b) for moment in (x.double().mean(0), x.double().T.cov())]
    assert frechet_distance(fit(a), fit(b)) == pytest.approx(float(fid._compute_fid(*moments)), rel=1e-3)
    assert kernel_distance(a, b).value == pytest.approx(float(kid.poly_mmd(a.double(), b.double())), abs=1e-6)
