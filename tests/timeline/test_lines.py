"""Time lines with everything that real ones have: gaps, jitter, doubles, disorder, entities."""

from __future__ import annotations

import numpy as np
import pytest

pd = pytest.importorskip("pandas")

from mintage.errors import DataError  # noqa: E402
from mintage.timeline.lines import lay_out  # noqa: E402


def minutes(places: list[float], values: list[float] | None = None) -> pd.DataFrame:
    times = pd.Timestamp("2024-01-01") + pd.to_timedelta(places, unit="min")
    return pd.DataFrame({"time": times, "x": values if values is not None else [float(p) for p in places]})


def test_days_of_trading_are_steps_though_weekends_lie_between() -> None:
    days = pd.bdate_range("2024-01-01", periods=300)
    panel = lay_out(pd.DataFrame({"day": days, "x": np.arange(300.0)}), "day", ["x"])
    assert len(panel.lines) == 1
    assert len(panel.lines[0]) == 300
    assert not panel.is_grid
    assert panel.periods == pytest.approx(261, abs=2)


def test_a_long_gap_ends_a_line_and_a_short_one_is_bridged_from_the_past() -> None:
    panel = lay_out(minutes([0, 5, 10, 20, 25, 60, 65, 70]), "time", ["x"])
    assert [line.values[:, 0].tolist() for line in panel.lines] == [[0, 5, 10, 10, 20, 25], [60, 65, 70]]
    assert panel.step == 300
    assert "cut 1 time lines into 2" in panel.remarks[-1]


def test_jitter_is_no_gap_and_doubles_are_dropped() -> None:
    panel = lay_out(minutes([0, 5.2, 10, 10, 14.9, 20], [0, 1, 2, 9, 3, 4]), "time", ["x"])
    assert panel.lines[0].values[:, 0].tolist() == [0, 1, 9, 3, 4]
    assert "1 times stand twice" in panel.remarks[0]


def test_rows_without_order_are_put_in_it_and_it_is_told() -> None:
    panel = lay_out(minutes([10, 0, 5]), "time", ["x"])
    assert panel.lines[0].values[:, 0].tolist() == [0, 5, 10]
    assert "not in the order of time" in panel.remarks[0]


def test_entities_keep_their_own_lines() -> None:
    frame = pd.concat([minutes([0, 5, 10]).assign(who="b"), minutes([0, 5], [7, 8]).assign(who="a")])
    panel = lay_out(frame, "time", ["x"], "who")
    assert [(line.entity, line.values[:, 0].tolist()) for line in panel.lines] == [("a", [7, 8]), ("b", [0, 5, 10])]
    assert panel.remarks == ()


def test_missing_values_are_carried_on_for_two_steps_and_no_more() -> None:
    gap = float("nan")
    values = [1, gap, gap, 2, 3, gap, gap, gap, 4, 5, 6]
    panel = lay_out(minutes(list(range(0, 55, 5)), values), "time", ["x"])
    assert [line.values[:, 0].tolist() for line in panel.lines] == [[1, 1, 1, 2, 3], [4, 5, 6]]


def test_a_column_that_is_mostly_missing_is_left_out() -> None:
    panel = lay_out(minutes([0, 5, 10]).assign(y=[None, None, 1.0]), "time", ["x", "y"])
    assert panel.variables == ("x",)


def test_no_time_line_is_an_error_that_helps() -> None:
    with pytest.raises(DataError, match="no column 'y'"):
        lay_out(minutes([0, 5]), "time", ["y"])
    with pytest.raises(DataError, match="two rows"):
        lay_out(minutes([0]), "time", ["x"])
