"""Stylised facts on sequences whose facts are planted."""

from __future__ import annotations

import numpy as np
import pytest

from mintage.statistics.stylised_facts import FACTS, bands, facts, stretches_of


def noise(n: int = 40, length: int = 250, variables: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, length, variables))


def test_white_noise_has_none_of_them() -> None:
    found = facts(noise())
    assert list(found) == list(FACTS)
    for name in ("kurtosis", "autocorrelation", "volatility_clustering", "leverage", "cross_correlation"):
        assert found[name] == pytest.approx(0, abs=0.12)
    assert found["crash_correlation"] == pytest.approx(1, abs=0.3)


def test_heavy_tails_have_kurtosis_and_a_small_index() -> None:
    heavy = np.random.default_rng(0).standard_t(4, (40, 250, 3))
    assert facts(heavy)["kurtosis"] > 1
    assert 3 < facts(heavy)["tail_index"] < 5 < facts(noise())["tail_index"]
    assert facts(heavy)["summed_kurtosis"] < facts(heavy)["kurtosis"] / 2


def test_falls_that_raise_volatility_are_leverage_and_rises_are_not() -> None:
    drawn, moved = noise(variables=1), np.zeros((40, 250, 1))
    for sign in (-1, 1):
        spread = np.ones((40, 1))
        for t in range(250):
            moved[:, t] = spread * drawn[:, t]
            spread = np.clip(0.8 * spread + 0.2 + 0.25 * sign * drawn[:, t], 0.3, 3)
        assert sign * facts(moved)["leverage"] > 0.05
        assert facts(moved)["volatility_clustering"] > 0.03


def test_a_common_factor_is_seen_in_the_middle_and_in_crashes() -> None:
    together = noise() + noise(variables=1, seed=1)
    assert facts(together)["cross_correlation"] == pytest.approx(0.5, abs=0.05)
    assert facts(together)["crash_correlation"] > 3


def test_one_variable_has_no_correlations_across() -> None:
    assert "cross_correlation" not in facts(noise(variables=1))


def test_bands_hold_what_the_same_law_gives_and_not_another() -> None:
    ends = bands(noise(), np.random.default_rng(0), draws=50)
    inside = [low <= facts(noise(seed=1))[name] <= high for name, (low, high) in ends.items()]
    assert sum(inside) >= 6
    low, high = ends["kurtosis"]
    assert not low <= facts(np.random.default_rng(0).standard_t(4, (40, 250, 3)))["kurtosis"] <= high


def test_stretches_end_with_the_sequence() -> None:
    cut = stretches_of(np.arange(7.0)[:, None], 3)
    assert cut[..., 0].tolist() == [[1, 2, 3], [4, 5, 6]]
