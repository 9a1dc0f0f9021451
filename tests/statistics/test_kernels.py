"""The kernel distance: against its definition, its bias, and how its interval covers."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mintage.statistics.intervals import normal
from mintage.statistics.kernels import kernel_distance


def by_definition(a: Tensor, b: Tensor) -> float:
    a, b = a.double(), b.double()

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        return (x @ y.T / x.shape[1] + 1) ** 3

    within = [(k.sum() - k.trace()) / (len(k) * (len(k) - 1)) for k in (kernel(a, a), kernel(b, b))]
    return float(within[0] + within[1] - 2 * kernel(a, b).mean())


@pytest.mark.parametrize(("n", "m"), [(50, 70), (1500, 1100)])
def test_it_is_the_unbiased_statistic_over_all_pairs(n: int, m: int) -> None:
    rng = torch.Generator().manual_seed(0)
    a, b = torch.randn(n, 8, generator=rng), torch.randn(m, 8, generator=rng) + 0.2
    assert kernel_distance(a, b).value == pytest.approx(by_definition(a, b), abs=1e-10)


def test_between_sets_alike_it_is_zero_on_average() -> None:
    rng = torch.Generator().manual_seed(1)
    values = [
        kernel_distance(torch.randn(100, 8, generator=rng), torch.randn(100, 8, generator=rng)).value for _ in range(60)
    ]
    mean, spread = sum(values) / 60, torch.tensor(values).std() / 60**0.5
    assert abs(mean) < 3 * spread
    assert min(values) < 0 < max(values)


@pytest.mark.slow
@pytest.mark.parametrize(("shift", "scale"), [(0.05, 0.98), (0.3, 0.8)])
def test_intervals_cover_the_truth_as_often_as_they_say(shift: float, scale: float) -> None:
    """200 repeats; the statistic is unbiased, so their mean stands for the truth."""
    rng = torch.Generator().manual_seed(3)
    found = []
    for _ in range(200):
        fake = torch.randn(500, 16, generator=rng) * scale + shift
        found.append(kernel_distance(fake, torch.randn(500, 16, generator=rng)))
    mean = sum(value for value, _ in found) / 200
    covered = sum(normal(*each).low <= mean <= normal(*each).high for each in found) / 200
    assert 0.92 <= covered <= 0.98
