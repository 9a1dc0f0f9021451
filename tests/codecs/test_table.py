"""A table becomes codes and the same table again: whatever it holds, no more is lost than a part of a cell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pd = pytest.importorskip("pandas")

from mintage.codecs.table import Table  # noqa: E402
from mintage.errors import ConfigError, DataError  # noqa: E402
from mintage.records import FREE  # noqa: E402
from mintage.tabular.encoders import Cells  # noqa: E402
from mintage.tabular.values import is_missing  # noqa: E402


def mixed(n: int = 400) -> Any:
    rng = np.random.default_rng(0)
    day = pd.to_datetime("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D")
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "pay": rng.lognormal(8, 1, n),
            "city": rng.choice(["Rome", "Bari", "Pisa"], n, p=[0.6, 0.3, 0.1]),
            "since": day,
            "member": rng.random(n) < 0.3,
            "code": [f"K{number:05}" for number in rng.permutation(n)],
            "unit": "EUR",
        }
    )
    frame.loc[::9, "city"] = None
    frame.loc[::7, "pay"] = np.nan
    return frame


def again(frame: Any, **settings: Any) -> Any:
    codec = Table(**settings).fit([frame])
    return codec.decode_frame(codec.encode_frame(frame))


def test_what_each_column_is_is_told_from_its_values() -> None:
    codec = Table().fit([mixed()])
    kinds = ["integer", "number", "category", "date", "boolean", "identifier", "category"]
    assert list(codec.kinds_of.values()) == kinds
    assert codec.columns == list(mixed().columns)


def test_a_table_of_every_kind_comes_back() -> None:
    frame = mixed()
    made = again(frame)
    for name in ("age", "member", "unit"):
        assert made[name].tolist() == frame[name].tolist()
    assert made["since"].tolist() == frame["since"].tolist()
    assert made["city"].fillna("?").tolist() == frame["city"].fillna("?").tolist()
    assert made["pay"].isna().tolist() == frame["pay"].isna().tolist()
    assert made["age"].dtype == np.int64
    assert made["code"].nunique() == len(frame)
    assert made["code"].str.fullmatch(r"[A-Z]\d{5}").all()


def test_a_record_alone_is_what_it_is_in_its_table() -> None:
    frame = mixed()
    codec = Table().fit([frame])
    codes = codec.encode_frame(frame)
    stored = codec.encode(frame.iloc[3].to_dict())
    assert stored.dtype == torch.uint8
    assert torch.equal(codec.expand(stored[None]), torch.from_numpy(codes[3:4]))
    assert torch.equal(codec.expand(torch.from_numpy(codec.pack(codes))), torch.from_numpy(codes))
    assert codec.decode(torch.from_numpy(codes[3]))["age"] == frame["age"][3]


def test_the_state_is_json_and_the_whole_of_it() -> None:
    frame = mixed()
    codec = Table().fit([frame])
    twin = Table.from_state(json.loads(json.dumps(codec.state())))
    assert twin == codec
    assert twin.spec == codec.spec
    pd.testing.assert_frame_equal(
        twin.decode_frame(twin.encode_frame(frame)), codec.decode_frame(codec.encode_frame(frame))
    )
    assert twin.fit([mixed().iloc[:5]]) is twin  # a fitted codec stays as it is


def test_codes_keep_within_their_levels_and_weights_are_shares() -> None:
    frame = mixed()
    codec = Table().fit([frame])
    codes, place = codec.encode_frame(frame), 0
    for column in codec.spec.columns:
        for levels in (*column.levels, *([FREE] * column.free)):
            assert 0 <= codes[:, place].min() <= codes[:, place].max() < levels
            place += 1
        if column.levels:
            assert len(column.weights) == column.levels[0]
            assert sum(column.weights) == pytest.approx(1, abs=1e-6)
        if column.values:
            assert list(column.values) == sorted(column.values)
    assert place == codes.shape[1] == codec.spec.shape[0]


def test_files_are_written_and_read_again(tmp_path: Path) -> None:
    from mintage.tabular.files import TableFile

    codec = Table().fit([mixed()])
    rows = [codec.decode(torch.from_numpy(row)) for row in codec.encode_frame(mixed())[:5]]
    for suffix in codec.suffixes:
        path = codec.write(rows, tmp_path / f"t{suffix}")
        (frame,) = TableFile(path).frames()
        assert frame["age"].astype(int).tolist() == mixed()["age"][:5].tolist()


def test_a_person_overrides_what_columns_are() -> None:
    codec = Table(kinds={"age": "category"}, leave_out=("code",)).fit([mixed()])
    assert codec.kinds_of["age"] == "category"
    assert "code" not in codec.columns


def test_wrong_names_and_too_little_are_errors_that_help() -> None:
    for wrong in ({"kinds": {"agee": "number"}}, {"leave_out": ("agee",)}, {"target": "agee"}):
        with pytest.raises(ConfigError, match="Did you mean 'age'"):
            Table(**wrong).fit([mixed()])
    with pytest.raises(DataError, match="At least 2"):
        Table().fit([mixed().iloc[:1]])
    with pytest.raises(DataError, match="all are constant"):
        Table().fit([pd.DataFrame({"a": ["x"] * 30, "id": range(30)})])
    with pytest.raises(DataError, match="lacks the columns 'age'"):
        Table().fit([mixed()]).encode_frame(mixed().drop(columns="age"))


def test_rare_levels_are_seen_and_never_made() -> None:
    frame = pd.DataFrame({"city": ["Rome"] * 60 + ["Bari"] * 39 + ["Atrani"], "n": range(100)})
    codec = Table().fit([frame])
    (column,) = [column for column in codec.spec.columns if column.name == "city"]
    codes = codec.encode_frame(frame)[:, 0]
    assert codes[-1] in column.never
    assert not set(codes[:-1]) & set(column.never)
    assert "Atrani" not in json.dumps(codec.state())
    assert any("1 of 3 levels" in remark for remark in codec.remarks)


def test_many_levels_take_two_positions_and_come_back() -> None:
    frame = pd.DataFrame({"w": [f"w{number % 3_000}" for number in range(9_000)], "x": [0, 1, 2] * 3_000})
    codec = Table().fit([frame])
    assert len(codec.spec.columns[0].levels) == 2
    assert codec.decode_frame(codec.encode_frame(frame))["w"].tolist() == frame["w"].tolist()


# --- any table ---------------------------------------------------------------------------------

MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
numbers = st.one_of(
    st.integers(-(10**6), 10**6).map(float),
    st.floats(-1e9, 1e9, allow_nan=False, width=32),
    st.decimals(-1000, 1000, places=2, allow_nan=False).map(float),
)
words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=6).filter(
    lambda word: word == word.strip()
)
dates = st.dates(min_value=pd.Timestamp("1600-01-01").date(), max_value=pd.Timestamp("2300-01-01").date())


def column_of(values: Any) -> Any:
    return st.lists(st.one_of(st.none(), values), min_size=2, max_size=60)


@MANY
@given(column_of(numbers))
def test_any_few_numbers_come_back_exactly(values: list[float | None]) -> None:
    frame = pd.DataFrame({"x": pd.Series([*values, 1.0, 2.0] * 2, dtype=float)})
    made = again(frame, kinds={"x": "number"})["x"]
    assert made.isna().tolist() == frame["x"].isna().tolist()
    np.testing.assert_allclose(made.astype(float).dropna(), frame["x"].dropna(), rtol=1e-9, atol=1e-9)


@MANY
@given(st.integers(0, 2**31), st.sampled_from(["lognormal", "uniform", "tails", "heavy", "cents"]), st.integers(4, 64))
def test_any_many_numbers_come_back_within_a_part_of_their_cell(seed: int, shape: str, cells: int) -> None:
    rng = np.random.default_rng(seed)
    values = {
        "lognormal": lambda: rng.lognormal(0, 3, 900),
        "uniform": lambda: rng.uniform(-5, 5, 900),
        "tails": lambda: rng.standard_cauchy(900),
        "heavy": lambda: np.where(rng.random(900) < 0.5, 0.0, rng.standard_normal(900)),
        "cents": lambda: rng.gamma(2, 100, 900).round(2),
    }[shape]()
    values[::11] = np.nan
    frame = pd.DataFrame({"x": values})
    codec = Table(cells=cells).fit([frame])
    (cell,) = codec.encoders
    assert isinstance(cell, Cells)
    made = codec.decode_frame(codec.encode_frame(frame))["x"].to_numpy()
    there = ~np.isnan(values)
    assert np.array_equal(np.isnan(made), ~there)
    widths = np.diff(np.array(cell.edges)) / 10.0 ** (cell.decimals or 0)
    inside = np.clip(np.searchsorted(cell.edges, values[there] * 10.0 ** (cell.decimals or 0), "right") - 1, 0, None)
    width = widths[np.minimum(inside, len(widths) - 1)]
    assert (np.abs(made[there] - values[there]) <= width / FREE + 1e-9 * np.abs(values[there])).all()


@MANY
@given(column_of(words))
def test_any_words_come_back(values: list[str | None]) -> None:
    frame = pd.DataFrame({"x": pd.Series([*values, "a", "b"] * 2, dtype="str")})
    made = again(frame, kinds={"x": "category"})["x"]
    gone = is_missing(frame["x"])
    assert is_missing(made).tolist() == gone.tolist()
    assert made[~gone].tolist() == frame["x"][~gone].tolist()


@MANY
@given(column_of(dates), st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%Y年%m月%d日"]))
def test_any_dates_come_back(values: list[Any], form: str) -> None:
    told = [None if value is None else value.strftime(form) for value in [*values, *dates_known()] * 2]
    frame = pd.DataFrame({"x": pd.Series(told, dtype="str")})
    made = again(frame, kinds={"x": "date"})["x"]
    assert [None if pd.isna(one) else one.strftime(form) for one in made] == told


def dates_known() -> list[Any]:
    return [pd.Timestamp("2020-02-29").date(), pd.Timestamp("2021-12-31").date()]
