"""Stamps in the formats that files have."""

from __future__ import annotations

import numpy as np
import pytest

pd = pytest.importorskip("pandas")

from mintage.errors import DataError  # noqa: E402
from mintage.timeline.stamps import are_stamps, read_stamps  # noqa: E402


@pytest.mark.parametrize(
    "values",
    [
        ["2024-01-30", "2024-01-31"],
        ["2024-01-30 00:00", "2024-01-31 00:00"],
        ["01/30/2024", "01/31/2024"],
        ["30/01/2024", "31/01/2024"],
        ["30.01.2024", "31.01.2024"],
        ["30 January 2024", "31 January 2024"],
        ["2024-01-30T00:00:00Z", "2024-01-31T00:00:00Z"],
        ["2024-01-30 02:00:00+02:00", "2024-01-30 19:00:00-05:00"],
        [20240130, 20240131],
        [1706572800, 1706659200],
        [1706572800000, 1706659200000],
    ],
    ids=str,
)
def test_two_days_are_read_from_any_format(values: list[object]) -> None:
    found, _ = read_stamps(pd.Series(values))
    assert found.tolist() == np.array(["2024-01-30", "2024-01-31"], "datetime64[s]").tolist()


def test_a_zone_that_is_dropped_and_a_day_that_comes_first_are_told() -> None:
    assert "UTC" in read_stamps(pd.Series(["2024-01-30T00:00:00Z"]))[1][0]
    assert "day before the month" in read_stamps(pd.Series(["03/04/2024", "31/01/2024"]))[1][0]
    assert read_stamps(pd.Series(["2024-01-30"]))[1] == ()


def test_several_formats_in_one_column_are_read() -> None:
    found, remarks = read_stamps(pd.Series(["2024-01-30", "31 Jan 2024", None]))
    assert found.astype("datetime64[D]").astype(str).tolist() == ["2024-01-30", "2024-01-31", "NaT"]
    assert "more than one format" in remarks[0]


def test_what_is_no_time_is_shown() -> None:
    with pytest.raises(DataError, match="such as 'soon'"):
        read_stamps(pd.Series(["2024-01-30", "soon"], name="when"))
    with pytest.raises(DataError, match="neither seconds"):
        read_stamps(pd.Series([1.0, 2.0]))


def test_stamps_are_told_from_other_columns() -> None:
    assert are_stamps(pd.Series(["2024-01-30", "2024-02-01"]))
    for other in ([39, 50], ["Private", "State-gov"], [20240130], ["a1", "b2"], [None], [True], ["1.5", "2.5x"]):
        assert not are_stamps(pd.Series(other)), other
