"""Simple means on histories whose future is known."""

from __future__ import annotations

import numpy as np
import pytest

from mintage.errors import DataError
from mintage.foretelling.paths import BlockBootstrap, LastValue, RandomWalk, SeasonalNaive

RNG = np.random.default_rng


def walk(n: int = 2_000, drift: float = 0.1) -> np.ndarray:
    rows = RNG(0).standard_normal((n, 2))
    rows[:, 1] = 0.8 * rows[:, 0] + 0.6 * rows[:, 1]
    return (rows + drift).cumsum(0)


def test_the_last_value_stays() -> None:
    found = LastValue().fit(walk()).paths(3, 4, RNG(1))
    assert found.shape == (3, 4, 2)
    assert (found == walk()[-1]).all()


@pytest.mark.parametrize("means", [RandomWalk(), BlockBootstrap()], ids=lambda one: type(one).__name__)
def test_a_walk_spreads_with_the_root_of_time_and_keeps_company(means: RandomWalk) -> None:
    history = walk()
    moved = means.fit(history).paths(4_000, 25, RNG(1)) - history[-1]
    assert moved[:, -1].std(0) == pytest.approx(5, rel=0.15)
    assert moved[:, -1].mean(0) == pytest.approx(25 * np.diff(history, axis=0).mean(0), abs=0.4)
    assert np.corrcoef(moved[:, -1].T)[0, 1] == pytest.approx(0.8, abs=0.07)


def test_without_drift_the_mean_stays() -> None:
    history = walk(drift=1.0)
    moved = RandomWalk(drifts=False).fit(history).paths(4_000, 25, RNG(1)) - history[-1]
    assert moved[:, -1].mean(0) == pytest.approx([0, 0], abs=0.4)


def test_blocks_keep_what_follows_what() -> None:
    steps = np.tile([1.0, -1.0], 200)[:, None]
    moved = np.diff(BlockBootstrap(50).fit(steps.cumsum(0)).paths(200, 40, RNG(0)), axis=1)
    assert (moved[:, 1:] * moved[:, :-1]).mean() < -0.9
    alone = np.diff(RandomWalk().fit(steps.cumsum(0)).paths(200, 40, RNG(0)), axis=1)
    assert abs((alone[:, 1:] * alone[:, :-1]).mean()) < 0.1


def test_a_season_comes_again() -> None:
    season = np.sin(np.arange(240) * 2 * np.pi / 12)[:, None]
    noisy = season + 0.1 * RNG(0).standard_normal(season.shape)
    found = SeasonalNaive(12).fit(noisy).paths(500, 30, RNG(1))
    expected = np.sin(np.arange(240, 270) * 2 * np.pi / 12)
    assert np.abs(found.mean(0)[:, 0] - expected).max() < 0.35
    assert found[:, 25].std() > found[:, 1].std() > 0.1


def test_too_short_a_history_is_an_error_that_helps() -> None:
    with pytest.raises(DataError, match="season has 12 steps"):
        SeasonalNaive(12).fit(np.zeros((12, 1)))
    with pytest.raises(DataError, match="at least two rows"):
        RandomWalk().fit(np.zeros((1, 1)))
