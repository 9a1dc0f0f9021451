"""Scores of forecasts against closed forms and published figures, and with signs swapped."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mintage.statistics.forecasts import (
    christoffersen,
    coverage,
    crps,
    deflated_sharpe,
    diebold_mariano,
    expected_shortfall,
    hac_variance,
    kupiec,
    pinball,
    sharpe_ratio,
    value_at_risk,
)


def normals(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("truth", [-1.5, 0.0, 0.7])
def test_the_crps_of_a_normal_is_its_closed_form(truth: float) -> None:
    density, below = math.exp(-(truth**2) / 2) / math.sqrt(2 * math.pi), (1 + math.erf(truth / math.sqrt(2))) / 2
    exact = truth * (2 * below - 1) + 2 * density - 1 / math.sqrt(math.pi)
    assert float(crps(normals(100_000), truth)) == pytest.approx(exact, abs=0.01)


def test_the_crps_of_few_samples_is_that_of_many_on_average() -> None:
    few = crps(normals(3, 40_000), normals(40_000, seed=1)).mean()
    many = crps(normals(300, 4_000, seed=2), normals(4_000, seed=3)).mean()
    assert few == pytest.approx(many, abs=0.015)


def test_a_forecast_in_the_right_place_scores_better() -> None:
    truth = normals(500)
    assert crps(normals(50, 500, seed=1) + 1, truth).mean() > crps(normals(50, 500, seed=1), truth).mean()


def test_the_pinball_loss_is_least_at_the_quantile() -> None:
    truth = normals(50_000)
    losses = {at: pinball(at, truth, 0.95).mean() for at in (1.2, 1.645, 2.1)}
    assert min(losses, key=losses.__getitem__) == 1.645


def test_neighbours_that_are_alike_widen_the_variance() -> None:
    noise = normals(4_000)
    smooth = np.convolve(noise, np.ones(10) / 10, "valid")
    assert hac_variance(noise, 20) == pytest.approx(1 / 4_000, rel=0.25)
    assert hac_variance(smooth, 40) > 5 * smooth.var() / len(smooth)


def test_coverage_counts_what_lies_inside() -> None:
    share, (low, high) = coverage(np.full((2_000, 3), -1.96), np.full((2_000, 3), 1.96), normals(2_000, 3))
    assert low < 0.95 < high
    assert share == pytest.approx(0.95, abs=0.01)


def test_value_at_risk_and_shortfall_of_a_normal() -> None:
    x = normals(200_000)
    assert float(value_at_risk(x)) == pytest.approx(1.645, abs=0.02)
    assert float(expected_shortfall(x)) == pytest.approx(2.063, abs=0.02)


def test_kupiec_is_the_likelihood_ratio() -> None:
    hits = np.arange(255) < 6
    ratio = -2 * (249 * math.log(0.99 / (249 / 255)) + 6 * math.log(0.01 / (6 / 255)))
    assert kupiec(hits, 0.01) == pytest.approx(math.erfc(math.sqrt(ratio / 2)), abs=1e-6)
    assert kupiec(np.zeros(400, bool), 0.05) < 1e-6
    assert kupiec(np.zeros(3, bool), 0.05) > 0.05


def test_exceedances_that_cluster_are_found_where_their_share_is_right() -> None:
    scattered = np.random.default_rng(0).random(1_000) < 0.05
    clustered = np.zeros(1_000, bool)
    for start in (100, 400, 700, 800, 900):
        clustered[start : start + 10] = True
    assert min(christoffersen(scattered, 0.05)) > 0.05
    assert kupiec(clustered, 0.05) > 0.9
    assert max(christoffersen(clustered, 0.05)) < 1e-6


def test_equal_forecasts_are_rarely_told_apart_and_a_better_one_is() -> None:
    found = 0
    for seed in range(200):
        smooth = np.convolve(normals(404, seed=seed), np.ones(5), "valid")  # five-step forecasts overlap
        found += diebold_mariano(smooth, np.zeros(400), horizon=5).chance < 0.05
    assert 2 <= found <= 24
    better = diebold_mariano(normals(400) ** 2, 0.5 + normals(400, seed=1) ** 2)
    assert better.interval.high < 0
    assert better.chance < 0.01


def test_the_interval_of_a_sharpe_ratio_covers_it() -> None:
    true, covered = 0.1 * math.sqrt(252), 0
    for seed in range(300):
        x = np.random.default_rng(seed).standard_t(5, 500) / math.sqrt(5 / 3) + 0.1
        value, low, high = sharpe_ratio(x, 252)
        assert low < value < high
        covered += low <= true <= high
    assert 0.91 <= covered / 300 <= 0.985


def test_the_interval_of_normal_returns_is_that_of_lo() -> None:
    x = normals(2_000) + 0.05
    value, low, high = sharpe_ratio(x, 1)
    assert (high - low) / 2 == pytest.approx(1.96 * math.sqrt((1 + value**2 / 2) / 2_000), rel=0.05)


def test_the_best_of_many_lucky_strategies_is_deflated() -> None:
    tries = normals(100, 1_000)
    ratios = tries.mean(1) / tries.std(1)
    best = tries[ratios.argmax()]
    assert deflated_sharpe(best, ratios[:1]) > 0.95
    assert deflated_sharpe(best, ratios) < 0.9
    assert deflated_sharpe(normals(1_000) + 0.3, ratios) > 0.99


def test_the_deflated_ratio_is_that_of_the_papers_example() -> None:
    # Bailey and Lopez de Prado (2014): annual ratio 2.5, 1,250 days, skewness -3, kurtosis 10, 100 trials, variance 1/2
    daily, luck = 2.5 / math.sqrt(250), 0.1132
    variance = (1 + 3 * daily + (10 - 1) / 4 * daily**2) / 1_249
    assert 0.5 * math.erfc(-(daily - luck) / math.sqrt(2 * variance)) == pytest.approx(0.9004, abs=1e-3)
    trials = np.array([-1.0, 1.0] * 50)
    trials *= math.sqrt(0.5 / 250) / trials.std(ddof=1)
    x = normals(20_000)
    x = (x - x.mean()) / x.std() + luck  # a strategy exactly as good as luck
    assert deflated_sharpe(x, trials) == pytest.approx(0.5, abs=0.02)
