"""Series are cut by time and never shuffled across it; windows hold what the lines hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mintage.codecs.series import Series as Codec
from mintage.contracts import DataSpec
from mintage.data.loading import Cut, Stream
from mintage.errors import DataError
from mintage.series_data import SeriesData, cut_by_time, open_series
from mintage.timeline.lines import Line, Panel

DAYS = np.datetime64("2020-01-01", "s") + np.arange(1_000) * np.timedelta64(1, "D")


class Source:
    def __init__(self, *lines: Line) -> None:
        self.panel = Panel(("x", "y"), lines, 86_400, True)

    def fingerprint(self) -> str:
        return "known"


def line(n: int = 1_000, entity: str = "", seed: int = 0, first: int = 0) -> Line:
    steps = np.random.default_rng(seed).standard_normal((n, 2))
    return Line(
        entity, DAYS[first : first + n], np.stack([np.exp(0.1 * steps[:, 0].cumsum()), steps[:, 1].cumsum()], 1)
    )


def data(context: int = 30, *lines: Line) -> SeriesData:
    return open_series(Source(*(lines or (line(),))), 0.2, context, Codec())


def test_what_is_held_out_comes_later_for_every_entity() -> None:
    parts = cut_by_time([line(entity="a"), line(300, "b", first=100), line(400, "c", first=600)], (0.8, 0.85))
    ends = [(min(one.stamps[0] for one in part), max(one.stamps[-1] for one in part)) for part in parts]
    assert ends[0][1] < ends[1][0] < ends[1][1] < ends[2][0]
    assert sum(len(one) for part in parts for one in part) == 1_700


def test_nothing_of_the_future_enters_the_codec() -> None:
    wild = line()
    wild.values[800:] *= 100
    assert data(30, wild).codec == data().codec


def test_windows_start_where_their_line_stands_and_lead_where_it_goes() -> None:
    found, whole = data(), line()
    batch = found.heldout.batch(1, 2)
    assert batch.x.shape == (2, 31, 2)
    row = 800 + 50 + 30  # the second window behind the part that selects
    made = found.codec.levels(whole.values[row], batch.x[:1, 1:])[0]
    np.testing.assert_allclose(made, whole.values[row + 1 : row + 31], rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(batch.x[0, 0], found.codec.starts(whole.values[row : row + 1])[0])


def test_training_sees_every_window_and_never_what_is_held_out() -> None:
    found = data()
    rows = found.train.order(0, 770, 3).x
    assert sorted(rows.tolist()) == list(range(770))
    assert not np.array_equal(rows, found.train.order(770, 770, 3).x)
    (batch,) = Stream(found.train, Cut(8, 1, 0, 1), 0, device=torch.device("cpu"), workers=0)(5)
    assert batch.x.shape == (8, 31, 2)
    assert isinstance(found.spec, DataSpec)
    assert found.spec.x.shape == (31, 2)
    assert next(iter(found.batches(found.selection, 99))).x.shape == (1, 31, 2)
    assert found.seen_by(10).train.batch(0, 1).x.shape == (1, 11, 2)


def test_gaps_shorten_windows_and_it_is_told() -> None:
    lines = [line(40, first=start, seed=start) for start in range(0, 1_000, 50)]
    found = data(100, *lines)
    assert found.spec.x.shape == (40, 2)
    assert any("instead of 100" in remark for remark in found.report.lines())


def test_the_report_says_what_there_is() -> None:
    told = " ".join(data().report.lines())
    assert "1,000 rows from 2020-01-01" in told
    assert "growth (1), differences (1)" in told
    assert "Held out is what comes after 2022-03-" in told
    assert data().report.as_dict()["count"] == 1


def test_too_little_is_an_error_that_helps(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="longer time line"):
        data(30, line(10))
    with pytest.raises(DataError, match=r"smaller data\.context"):
        data().seen_by(5_000).train.order(0, 1, 0)
