"""Forecasts are judged on what came later, and what knows the future is caught."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from mintage.codecs.series import Series
from mintage.contracts import DataSpec, TensorSpec
from mintage.errors import ConfigError, DataError
from mintage.forecasting import by_sampler, by_simple_means, check_no_leak, judge_forecasts, origins_of, walk
from mintage.foretelling.paths import LastValue, RandomWalk
from mintage.models.series_ar import SeriesAR
from mintage.timeline.lines import Line

DAYS = np.datetime64("2020-01-01", "s") + np.arange(1_200) * np.timedelta64(1, "D")
KINDS = ("log", "log")


def line(drift: float = 0.0) -> Line:
    steps = 0.02 * np.random.default_rng(0).standard_normal((1_200, 2)) + drift
    return Line("", DAYS, 100 * np.exp(steps.cumsum(0)))


def origins(drift: float = 0.0) -> list:
    return list(origins_of([line(drift)], DAYS[400], 5, 5))


def test_origins_walk_forward_and_know_nothing_of_what_comes() -> None:
    found, whole = origins(), line().values
    assert found[0].stamp > str(DAYS[400])
    for origin in found:
        row = len(origin.history)
        assert np.array_equal(origin.truth, whole[row : row + 5])
        assert not np.shares_memory(origin.history.values, whole)


def test_a_walk_beats_the_last_value_and_covers_as_it_says() -> None:
    walk = by_simple_means(RandomWalk(), KINDS)
    found = judge_forecasts({"walk": walk, "last": by_simple_means(LastValue(), KINDS)}, origins(), ours="walk")
    assert "foretells better than last" in found["words"][0]
    assert "as they say" in found["words"][1]
    assert found["scores"]["last"]["coverage"] == 0
    assert found["scores"]["walk"]["crps_by_step"] == sorted(found["scores"]["walk"]["crps_by_step"])
    json.dumps(found)


def test_no_edge_is_said_and_a_worse_forecast_too() -> None:
    walk, short = by_simple_means(RandomWalk(), KINDS), by_simple_means(RandomWalk(), KINDS, memory=400)
    assert "no edge" in judge_forecasts({"a": walk, "b": short}, origins(), ours="a")["words"][0]

    def shifted(history, n, horizon, seed):
        return 1.2 * walk(history, n, horizon, seed)

    assert "worse" in judge_forecasts({"a": shifted, "b": walk}, origins(), ours="a")["words"][0]


def test_a_sampler_goes_on_from_the_last_level() -> None:
    codec = Series().named(("x", "y")).fit([line()])
    torch.manual_seed(0)
    sampler = SeriesAR(width=8).build(DataSpec(x=TensorSpec(shape=(31, 2)))).sampler.eval()
    forecast = by_sampler(sampler, codec, 30)
    found = forecast(line(), 50, 4, 0)
    assert found.shape == (50, 4, 2)
    assert np.array_equal(found, forecast(line(), 50, 4, 0))
    assert np.abs(np.log(found[:, 0] / line().values[-1])).mean() < 0.1
    np.testing.assert_allclose(forecast(line().rows(1_169, 1_200), 50, 4, 0), found)  # what is further back is not seen


@pytest.mark.parametrize("leak", ["level", "move"])
def test_a_feature_that_holds_tomorrow_is_caught(leak: str) -> None:
    honest = line().values
    logs = np.log(honest[:, 0])
    tomorrow = np.r_[honest[1:, 0], honest[-1, 0]] if leak == "level" else np.r_[np.diff(logs), 0.0]
    planted = Line("", DAYS, np.c_[honest, tomorrow])
    with pytest.raises(DataError, match=r"'z' tells the next step of 'x'.*of the future"):
        check_no_leak([planted], ("x", "y", "z"))
    yesterday = np.r_[honest[0, 0], honest[:-1, 0]]  # a lagged copy is told by x, which is honest the other way round
    check_no_leak([Line("", DAYS, honest)], ("x", "y"))
    with pytest.raises(DataError, match="'x' tells the next step of 'z'"):
        check_no_leak([Line("", DAYS, np.c_[honest, yesterday])], ("x", "y", "z"))


def test_what_cannot_be_judged_is_an_error_that_helps() -> None:
    walk = by_simple_means(RandomWalk(), KINDS)
    with pytest.raises(ConfigError, match="beside others"):
        judge_forecasts({"a": walk}, origins(), ours="a")
    with pytest.raises(DataError, match="two are the least"):
        judge_forecasts({"a": walk, "b": walk}, origins()[:1], ours="a")


def test_truths_overlap_as_far_as_origins_of_one_line_lie_apart() -> None:
    means = {name: by_simple_means(RandomWalk(), KINDS) for name in ("a", "b")}
    other = Line("", DAYS, line().values[::-1].copy())
    found = [
        walk(means, [origin for each in lines for origin in origins_of([each], DAYS[after], 6, every)], ours="a", n=4)
        for lines, after, every in (([line()], 900, 2), ([line()], 900, 6), ([line(), other], 1_190, 9))
    ]
    assert [each.overlap for each in found] == [3, 1, 1]


def test_paths_that_explode_lose_much_and_stay_numbers() -> None:
    def bursts(history: Line, n: int, horizon: int, seed: int) -> np.ndarray:
        return np.full((n, horizon, 2), np.inf)

    found = judge_forecasts({"a": bursts, "b": by_simple_means(RandomWalk(), KINDS)}, origins()[:5], ours="a", n=10)
    assert "worse" in found["words"][0]
    json.dumps(found, allow_nan=False)
