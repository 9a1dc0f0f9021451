"""The next stamps of a time line follow its rhythm, and none are told where it has none."""

from __future__ import annotations

import numpy as np

from mintage.timeline.ahead import stamps_after


def seconds(*stamps: str) -> np.ndarray:
    return np.array(stamps, "datetime64[s]")


def after(stamps: np.ndarray, step: int, *, is_grid: bool = False, count: int = 3) -> list[str] | None:
    found = stamps_after(stamps, step, is_grid=is_grid, count=count)
    return None if found is None else [str(stamp) for stamp in found]


def test_a_grid_goes_on() -> None:
    assert after(seconds("2024-01-01T23:50", "2024-01-01T23:55"), 300, is_grid=True, count=2) == [
        "2024-01-02T00:00:00", "2024-01-02T00:05:00",
    ]  # fmt: skip


def test_days_of_trading_go_on_without_weekends() -> None:
    days = seconds("2024-01-03", "2024-01-04", "2024-01-05")  # the last is a Friday
    assert after(days, 86_400) == ["2024-01-08T00:00:00", "2024-01-09T00:00:00", "2024-01-10T00:00:00"]


def test_months_go_on_by_their_first_their_last_or_their_fifth_day() -> None:
    month = 31 * 86_400
    assert after(seconds("2023-11-01", "2023-12-01"), month)[0] == "2024-01-01T00:00:00"
    assert after(seconds("2023-12-31", "2024-01-31"), month)[:2] == ["2024-02-29T00:00:00", "2024-03-31T00:00:00"]
    assert after(seconds("2023-07-05", "2023-10-05"), 3 * month)[0] == "2024-01-05T00:00:00"


def test_nobody_knows_when_an_irregular_row_comes_next() -> None:
    assert after(seconds("2024-01-01T10:00", "2024-01-01T10:07", "2024-01-01T11:00"), 1_000) is None
    assert after(seconds("2024-01-01", "2024-01-09", "2024-01-12"), 5 * 86_400) is None
