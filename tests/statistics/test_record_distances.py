"""Records become numbers that keep what is equal equal, what is near near, and what is missing apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mintage.records import Kind
from mintage.statistics.neighbours import nearest
from mintage.statistics.record_arrays import RecordArrays
from mintage.statistics.record_distances import MixedSpace, times_among

KINDS: dict[str, Kind] = {"n": "number", "c": "category", "d": "date", "i": "identifier"}


def arrays(train: pd.DataFrame, made: pd.DataFrame) -> RecordArrays:
    return RecordArrays.of({"train": train, "made": made}, KINDS)


def frame(n: list[float], c: list[str | None], d: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame({"n": n, "c": c, "d": pd.to_datetime(d), "i": range(len(n))})


def test_parts_share_their_codes_and_missing_is_nan() -> None:
    found = arrays(frame([1, 2], ["a", None], ["1970-01-03", None]), frame([-0.0], ["b"], ["1970-01-01"]))
    assert found.names == ("n", "c", "d")
    assert found.levels == ((), ("a", "b"), ())
    np.testing.assert_array_equal(found.parts["train"], [[1, 0, 2], [2, np.nan, np.nan]])
    np.testing.assert_array_equal(found.parts["made"], [[0, 1, 0]])
    assert not np.signbit(found.parts["made"]).any()


def test_the_type_of_a_column_does_not_matter() -> None:
    plain = pd.DataFrame({"n": [1, 2], "c": ["a", "b"]})
    others = pd.DataFrame({"n": pd.array([1, 2], dtype="Int64"), "c": pd.Categorical(["a", "b"])})
    found = arrays(plain, others)
    np.testing.assert_array_equal(found.parts["train"], found.parts["made"])


def test_one_other_category_and_one_end_of_a_range_to_the_other_are_about_one() -> None:
    n = [float(value) for value in range(100)]
    table = frame(n, ["a", "b"] * 50, ["2020-01-01"] * 100)
    found = arrays(table, table)
    points = MixedSpace(found)(found.parts["made"])
    assert float((points[0] - points[1]).norm()) == pytest.approx(1, abs=1e-3)
    assert float((points[0] - points[98]).norm()) == pytest.approx(0.98, abs=1e-3)


def test_a_missing_number_is_far_from_every_number_and_at_its_like() -> None:
    table = frame([1, 2, np.nan, np.nan], ["a"] * 4, ["2020-01-01"] * 4)
    found = arrays(table, table[:2])
    space = MixedSpace(found)
    points = space(found.parts["train"])
    assert float((points[2] - points[3]).norm()) == 0
    assert min(float((points[2] - points[row]).norm()) for row in (0, 1)) >= 1
    assert space(found.parts["made"]).shape[1] == points.shape[1]


def test_the_nearest_by_chosen_columns_ignores_the_others() -> None:
    train = frame([1, 50, 100], ["a", "b", "c"], ["2020-01-01"] * 3)
    made = frame([1], ["c"], ["2020-01-01"])
    found = arrays(train, made)
    space = MixedSpace(found)
    for columns, expected in (([0], 0), ([1], 2)):
        near = nearest(space(found.parts["made"], columns), space(found.parts["train"], columns), 1)
        assert near.indices.tolist() == [[expected]]


def test_very_many_levels_stay_in_bounds() -> None:
    names = [f"level {row}" for row in range(3000)]
    table = frame([1.0] * 3000, names, ["2020-01-01"] * 3000)
    found = arrays(table, table)
    assert MixedSpace(found)(found.parts["made"]).shape[1] < 600


def test_equal_rows_are_counted_value_by_value() -> None:
    among = np.array([[1.0, np.nan], [1.0, np.nan], [2.0, 3.0]])
    assert times_among(np.array([[2.0, 3.0], [1.0, np.nan], [1.0, 3.0]]), among).tolist() == [1, 2, 0]
