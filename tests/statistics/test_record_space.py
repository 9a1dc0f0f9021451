"""Records as arrays: the same codes for all tables, missing values apart, and distances of one size."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mintage.statistics.record_space import MOST_LEVELS, RecordSpace, Standard

pd = pytest.importorskip("pandas")


def test_codes_go_by_frequency_and_are_the_same_for_all_tables() -> None:
    one = pd.DataFrame({"a": ["x", "y", "y", None], "n": [1.0, 2.0, np.nan, 4.0]})
    other = pd.DataFrame({"a": pd.Categorical(["z", "y", "x"]), "n": [1, 2, 3]})
    space = RecordSpace.of([one, other], {"a": "category", "n": "number"})
    assert space.codes(one)[:, 0].tolist() == [2, 1, 1, 0]
    assert space.codes(other)[:, 0].tolist() == [3, 1, 2]
    assert np.isnan(space.values(one)[:, 0]).tolist() == [False, False, True, False]
    assert space.features(other).tolist() == [[1, 3], [2, 1], [3, 2]]
    assert space.is_category == [False, True]


def test_dates_are_seconds_whatever_they_are_kept_as() -> None:
    dates = ["1970-01-02 00:00:00", None, "1970-01-01 00:00:10"]
    for column in (dates, pd.to_datetime(dates)):
        values = RecordSpace.of([], {"d": "date"}).values(pd.DataFrame({"d": column}))[:, 0]
        assert values[[0, 2]].tolist() == [86400.0, 10.0]
        assert np.isnan(values[1])


def test_two_levels_lie_as_far_apart_as_two_numbers_on_average() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"n": 1000 * rng.standard_normal(4000) + 7, "a": rng.choice(["x", "y"], 4000)})
    points = Standard.of(RecordSpace.of([frame], {"n": "number", "a": "category"}), frame).points(frame)
    numbers, levels = points[:, :1], points[:, 2:]
    assert float((numbers[::2] - numbers[1::2]).square().mean()) == pytest.approx(2.0, rel=0.1)
    assert float((levels[::2] - levels[1::2]).square().sum(1).max()) == 2.0


def test_outliers_stay_near_and_what_is_missing_is_told() -> None:
    frame = pd.DataFrame({"n": [0.0, 1.0, 2.0, 3.0, 1e9, np.nan], "zero": [0.0] * 5 + [5.0], "none": [np.nan] * 6})
    points = Standard.of(RecordSpace.of([frame], dict.fromkeys(frame, "number")), frame).points(frame)
    assert points.isfinite().all()
    assert float(points.abs().max()) == 4.0
    assert points[:, 3].tolist() == [0, 0, 0, 0, 0, 1]
    assert points[:, 5].tolist() == [1.0] * 6
    assert float(points[5, 1]) > 2  # a column of one value but for one: by its standard deviation


def test_rare_levels_beyond_what_trees_can_tell_apart_are_one() -> None:
    frame = pd.DataFrame({"a": [f"level {place}" for place in range(400)]})
    space = RecordSpace.of([frame], {"a": "category"})
    assert space.codes(frame).max() == 400
    assert space.features(frame).max() == MOST_LEVELS
    assert Standard.of(space, frame).points(frame).shape == torch.Size([400, MOST_LEVELS + 1])
