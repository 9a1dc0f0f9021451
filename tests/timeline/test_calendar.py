"""Circles of time: what comes round, and which of them tell anything of what is to come."""

from __future__ import annotations

import numpy as np
import pytest

from mintage.timeline.calendar import calendar, telling_circles

HOURS = np.datetime64("2024-01-01", "s") + np.arange(24 * 7 * 30) * np.timedelta64(1, "h")
DAYS = np.datetime64("2000-01-01", "s") + np.arange(3_000) * np.timedelta64(1, "D")
NONE = np.empty((len(HOURS), 0))


def noise(count: int, variables: int = 2) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((count, variables))


def test_hours_weeks_and_years_come_round() -> None:
    told = calendar(HOURS, ("day", "week"))
    assert told.shape == (len(HOURS), 12)
    np.testing.assert_allclose(told[24:, :6], told[:-24, :6], atol=1e-5)
    np.testing.assert_allclose(told[168:], told[:-168], atol=1e-5)
    assert np.abs(told[24] - told[0]).max() > 0.1
    assert calendar(HOURS, ()).shape == (len(HOURS), 0)


def test_every_day_of_a_week_can_be_told_by_a_weighted_sum() -> None:
    told = calendar(DAYS, ("week",))
    weekend = (np.arange(3_000) % 7 < 2).astype(float)
    design = np.c_[told, np.ones(3_000)]
    np.testing.assert_allclose(design @ np.linalg.lstsq(design, weekend, rcond=None)[0], weekend, atol=1e-3)


@pytest.mark.parametrize("period", [24, 168])
def test_a_pattern_of_moves_or_of_their_sizes_is_found(period: int) -> None:
    turn = np.sin(2 * np.pi * np.arange(len(HOURS)) / period)[:, None]
    circle = {24: "day", 168: "week"}[period]
    for moves in (noise(len(HOURS)) + 0.3 * turn, noise(len(HOURS)) * np.exp(0.5 * turn)):
        assert circle in telling_circles([HOURS], [moves], [NONE])


def test_a_season_of_levels_is_found_where_moves_hardly_show_it() -> None:
    season = 10 * np.sin(2 * np.pi * np.arange(3_001) / 365.2425)[:, None]
    levels = season + noise(3_001, 1)
    assert telling_circles([DAYS], [np.diff(levels, axis=0)], [levels[1:]]) == ("year",)


def test_chance_is_no_pattern_and_a_few_turns_prove_nothing() -> None:
    walk = noise(len(HOURS)).cumsum(0)
    assert telling_circles([HOURS], [np.diff(walk, axis=0, prepend=0)], [walk]) == ()
    few = HOURS[: 24 * 5]
    turn = np.sin(2 * np.pi * np.arange(len(few)) / 24)[:, None]
    assert telling_circles([few], [turn], [turn[:, :0]]) == ()
    assert telling_circles([], [], []) == ()
