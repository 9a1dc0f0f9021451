"""Files with a time line, and files that only look like it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pd = pytest.importorskip("pandas")

from mintage.errors import DataError  # noqa: E402
from mintage.sources.series import Series  # noqa: E402

DAYS = pd.bdate_range("2024-01-01", periods=60).strftime("%Y-%m-%d")
ROWS = np.arange(60.0)


def write(folder: Path, name: str = "x.csv", **columns: object) -> Path:
    frame = pd.DataFrame(columns)
    path = folder / name
    frame.to_parquet(path) if name.endswith("parquet") else frame.to_csv(
        path, index=False, sep="\t" if name.endswith("tsv") else ","
    )
    return path


@pytest.mark.parametrize("name", ["x.csv", "x.tsv", "x.parquet"])
def test_a_wide_file_is_one_line_of_its_variables(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name, Date=DAYS, A=ROWS + 1, B=ROWS + 2)
    assert Series.accepts(path)
    source = Series(path)
    assert len(source) == 1
    assert source.panel.variables == ("A", "B")
    assert source[0].x.values.shape == (60, 2)
    assert source[0].name.startswith("2024-01-01")


def test_a_long_file_has_the_lines_of_its_entities(tmp_path: Path) -> None:
    path = write(tmp_path, who=["b"] * 60 + ["a"] * 60, when=[*DAYS, *DAYS], time=[*DAYS, *DAYS], x=[*ROWS, *ROWS])
    assert Series(path, target="x").panel.variables == ("x",)
    path = write(
        tmp_path, Ticker=["b"] * 60 + ["a"] * 60, Date=[*DAYS, *DAYS], Open=[*ROWS, *ROWS], Close=[*ROWS, *ROWS]
    )
    assert Series.accepts(path)
    assert [line.entity for line in Series(path).panel.lines] == ["a", "b"]
    assert Series(path, target="Close").panel.variables == ("Close",)


def test_what_stays_the_same_for_an_entity_is_its_attribute(tmp_path: Path) -> None:
    who, sex = ["b"] * 60 + ["a"] * 60 + ["c"] * 60, ["f"] * 60 + ["m"] * 60 + [None] * 60
    age, unit = [60.0] * 60 + [30.0] * 60 + [45.0] * 60, ["mmol"] * 180
    path = write(tmp_path, sex=sex, who=who, date=[*DAYS] * 3, age=age, x=[*ROWS] * 3, unit=unit)
    assert Series.accepts(path)
    panel = Series(path).panel
    assert (panel.variables, panel.attributes) == (("x",), ("sex", "age"))
    assert {line.entity: line.about for line in panel.lines} == {"a": ("m", 30), "b": ("f", 60), "c": ("", 45)}
    assert Series(path, target="age,x").panel.attributes == ("sex",)


def test_a_sensor_that_says_low_now_and_then_is_a_variable_and_no_entity(tmp_path: Path) -> None:
    words = [str(row % 5) for row in range(60)]
    words[7] = "Low"
    path = write(tmp_path, sensor=words, datetime=DAYS, x=ROWS)
    assert Series.accepts(path)
    panel = Series(path).panel
    assert panel.variables == ("sensor", "x")
    assert panel.lines[0].values[7].tolist() == [1, 7]  # the last number is carried on


def test_records_are_no_series(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    adult = {"age": rng.integers(17, 90, 60), "work": rng.choice(["Private", "State-gov"], 60), "hours": ROWS}
    assert not Series.accepts(write(tmp_path, **adult))
    born = rng.choice(DAYS[:20], 60)
    assert not Series.accepts(write(tmp_path, date=born, **adult))  # times of records stand many times over
    assert not Series.accepts(write(tmp_path, Date=DAYS, words=["x"] * 60))
    assert not Series.accepts(write(tmp_path, year=np.arange(1900, 1960), x=ROWS))
    assert not Series.accepts(tmp_path)
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00")
    assert not Series.accepts(tmp_path / "x.csv")


def test_the_fingerprint_is_of_the_bytes_and_of_what_is_taken(tmp_path: Path) -> None:
    path = write(tmp_path, Date=DAYS, A=ROWS, B=ROWS)
    first = Series(path).fingerprint()
    assert first == Series(path).fingerprint() != Series(path, target="A").fingerprint()
    write(tmp_path, Date=DAYS, A=ROWS + 1, B=ROWS)
    assert Series(path).fingerprint() != first


def test_a_file_without_times_is_an_error_that_helps(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column of times"):
        _ = Series(write(tmp_path, A=ROWS)).panel
    with pytest.raises(DataError, match="no column 'C'"):
        _ = Series(write(tmp_path, Date=DAYS, A=ROWS), target="C").panel
