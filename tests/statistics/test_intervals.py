"""Intervals: against tables, at the edges, and how often they cover."""

from __future__ import annotations

import pytest
import torch

from mintage.statistics.intervals import binomial, chi_square_tail, jackknife, student_quantile


def test_shares_of_nothing_and_of_all_reach_the_end() -> None:
    assert binomial(0, 10) == pytest.approx((0.0, 0.3085), abs=1e-4)
    assert binomial(10, 10) == pytest.approx((0.6915, 1.0), abs=1e-4)


def test_a_large_share_is_as_narrow_as_the_normal_one() -> None:
    low, high = binomial(8_300, 10_000)
    assert (low, high) == pytest.approx((0.8225, 0.8373), abs=2e-4)


@pytest.mark.parametrize(("successes", "trials"), [(3, 2), (-1, 5), (0, 0)])
def test_what_is_no_share_is_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        binomial(successes, trials)


def test_exact_intervals_never_cover_less_than_they_say() -> None:
    for p in (0.02, 0.3, 0.5):
        draws = torch.distributions.Binomial(40, torch.tensor(p))
        torch.manual_seed(0)
        ends = {k: binomial(k, 40) for k in range(41)}
        hits = [ends[int(k)].low <= p <= ends[int(k)].high for k in draws.sample((2000,))]
        assert sum(hits) / 2000 > 0.945


@pytest.mark.parametrize(("degrees", "expected"), [(1, 12.706), (2, 4.303), (9, 2.262), (19, 2.093), (1000, 1.962)])
def test_students_quantile_is_that_of_the_tables(degrees: int, expected: float) -> None:
    assert student_quantile(0.975, degrees) == pytest.approx(expected, abs=2e-3)


def test_chi_squares_tail_is_that_of_the_tables() -> None:
    assert chi_square_tail(3.841, 1) == pytest.approx(0.05, abs=1e-3)


def test_the_jackknife_of_a_mean_is_its_standard_error() -> None:
    rng = torch.Generator().manual_seed(0)
    covered = 0
    for _ in range(300):
        x = torch.randn(400, generator=rng)
        groups = x.view(20, 20)
        deleted = [float((x.sum() - group.sum()) / 380) for group in groups]
        low, high = jackknife(float(x.mean()), deleted)
        covered += low <= 0 <= high
    assert 0.92 <= covered / 300 <= 0.98
