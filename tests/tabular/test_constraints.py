"""Constraints are learned around and kept exactly; data that breaks them is told, left out, or refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from mintage.codecs.table import Table
from mintage.errors import ConfigError

pd = pytest.importorskip("pandas")

GAP = {"kind": "inequality", "low": "start", "high": "end"}
FIXED = {"kind": "fixed", "columns": ["city", "country"]}
TOTAL = {"kind": "formula", "column": "total", "equals": "price * quantity"}
CITIES = {"Rome": "Italy", "Bari": "Italy", "Lyon": "France", "Bonn": "Germany"}


def orders(n: int = 600, seed: int = 0) -> Any:
    """As a file of text holds them."""
    rng = np.random.default_rng(seed)
    start = np.datetime64("2024-01-01") + rng.integers(0, 900, n)
    price, quantity = rng.integers(100, 90_000, n) / 100, rng.integers(1, 9, n)
    city = rng.choice(list(CITIES), n)
    frame = pd.DataFrame(
        {
            "start": start.astype(str), "city": city, "end": (start + rng.integers(0, 400, n)).astype(str),
            "country": [CITIES[one] for one in city], "price": price, "quantity": quantity,
            "total": (price * quantity).round(2),
        }
    )  # fmt: skip
    return frame.astype(str)


def fitted(frame: Any, *constraints: dict[str, Any], **settings: Any) -> Table:
    codec = Table.read({"constraints": list(constraints), **settings}, "codec").fit([frame])
    return Table.from_state(json.loads(json.dumps(codec.state())))


def drawn(codec: Table, n: int = 3_000) -> Any:
    """Records of codes that are drawn each for itself: whatever a model makes, it makes no worse ones."""
    rng = np.random.default_rng(1)
    codes = []
    for column in codec.spec.columns:
        for place, levels in enumerate(column.levels):
            fitting = [code for code in range(levels) if place or code not in column.never]
            codes.append(rng.choice(fitting, n))
        codes += [rng.integers(0, 1 << 16, n) for _ in range(column.free)]
    return codec.decode_frame(np.stack(codes, 1))


def test_all_constraints_hold_in_whatever_codes_are_made() -> None:
    frame = orders()
    codec = fitted(frame, GAP, FIXED, TOTAL)
    made = drawn(codec)
    assert list(made.columns) == list(frame.columns)
    assert (made["start"] <= made["end"]).all()
    assert made["start"].nunique() > 100
    assert {*zip(made["city"], made["country"], strict=True)} == set(CITIES.items())
    assert ((made["price"] * made["quantity"]).round(2) == made["total"]).all()
    assert [column.name for column in codec.spec.columns] == [
        "start",
        "city + country",
        "end - start",
        "price",
        "quantity",
    ]
    assert codec.kinds_of["end"] == "date"
    assert codec.kinds_of["total"] == "number"


def test_without_them_the_same_codes_break_every_one() -> None:
    made = drawn(fitted(orders()))
    assert (made["start"] > made["end"]).mean() > 0.1
    assert (made["city"].map(CITIES) != made["country"]).mean() > 0.3
    assert ((made["price"] * made["quantity"]).round(2) != made["total"]).mean() > 0.9


def test_records_come_back_as_they_were() -> None:
    frame = orders()
    codec = fitted(frame, GAP, FIXED, TOTAL, exact=1_000)
    back = codec.decode_frame(codec.encode_frame(frame))
    for name in ("start", "end"):
        assert (back[name].dt.strftime("%Y-%m-%d") == frame[name]).all()
    for name in ("city", "country"):
        assert (back[name] == frame[name]).all()
    for name in ("price", "quantity", "total"):
        assert (back[name] == frame[name].astype(float)).all()


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(("low", "high"), [(2, 0), (0, 2), (1, 1), (9, 9), (9, 1)])
def test_rounding_of_either_side_does_not_break_an_inequality(low: int, high: int, strict: bool) -> None:
    rng = np.random.default_rng(2)
    start = rng.normal(0, 5, 2_000).round(low)
    frame = pd.DataFrame({"a": start, "b": (start + rng.exponential(0.5, 2_000) + 10.0**-high + strict).round(high)})
    codec = fitted(frame, {"kind": "inequality", "low": "a", "high": "b", "strict": strict})
    made = drawn(codec)
    assert (made["a"] < made["b"]).all() if strict else (made["a"] <= made["b"]).all()


def test_missing_sides_of_an_inequality_are_as_missing_as_before() -> None:
    frame = orders(2_000)
    rng = np.random.default_rng(3)
    frame.loc[rng.random(2_000) < 0.2, "start"] = ""
    frame.loc[rng.random(2_000) < 0.3, "end"] = ""
    codec = fitted(frame, GAP)
    back = codec.decode_frame(codec.encode_frame(frame))
    for name in ("start", "end"):
        assert (back[name].isna() == (frame[name] == "")).all()
    alone = (frame["start"] == "") & (frame["end"] != "")
    assert ((back["end"] - pd.to_datetime(frame["end"]))[alone].dt.days.abs() < 30).all()
    made = drawn(codec)
    assert not (made["start"] > made["end"]).any()
    assert made["end"][made["start"].isna()].notna().any()


def test_a_formula_may_read_what_another_constraint_makes() -> None:
    rng = np.random.default_rng(4)
    low = rng.integers(0, 50, 500)
    frame = pd.DataFrame({"span": 0, "low": low, "high": low + rng.integers(0, 9, 500)})
    frame["span"] = frame["high"] - frame["low"]
    span = {"kind": "formula", "column": "span", "equals": "high - low"}
    made = drawn(fitted(frame, span, {"kind": "inequality", "low": "low", "high": "high"}))
    assert (made["span"] >= 0).all()
    assert (made["high"] - made["low"] == made["span"]).all()


def test_combinations_keep_the_kinds_of_their_columns() -> None:
    rng = np.random.default_rng(5)
    which = rng.integers(0, 3, 300)
    frame = pd.DataFrame(
        {
            "code": np.array(["007", "012", "099"])[which], "size": np.array([1, 25, 30])[which],
            "day": pd.to_datetime(np.array(["2024-01-01", "2024-05-06", "2025-01-01"])[which]),
            "big": np.array([False, True, True])[which], "rate": np.array([0.5, np.nan, 1.25])[which],
            "other": rng.integers(0, 3, 300),
        }
    )  # fmt: skip
    made = drawn(fitted(frame, {"kind": "fixed", "columns": ["code", "size", "day", "big", "rate"]}))
    assert str(made["size"].dtype) == "int64"
    assert str(made["big"].dtype) == "bool"
    assert str(made["day"].dtype) == "datetime64[ns]"
    known = frame.drop(columns="other").drop_duplicates()
    assert len(made.drop(columns="other").drop_duplicates().merge(known)) == 3
    assert len(made.drop(columns="other").drop_duplicates()) == 3


def test_a_rare_combination_is_never_made_though_its_parts_are() -> None:
    frame = orders()
    frame.loc[0, ["city", "country"]] = ["Rome", "Germany"]
    codec = fitted(frame, FIXED)
    made = drawn(codec)
    assert not ((made["city"] == "Rome") & (made["country"] == "Germany")).any()
    assert codec.decode_frame(codec.encode_frame(frame))["city"].iloc[0] == "(rare)"


def test_few_records_that_break_a_constraint_are_told_and_left_out() -> None:
    frame = orders()
    frame.loc[:9, "end"] = "2020-01-01"
    frame.loc[5, "total"] = "1.0"
    codec = fitted(frame, GAP, TOTAL)
    assert not codec.holds(frame)[:10].any()
    assert codec.holds(frame)[10:].all()
    assert any("start <= end: 10 of 600 records break it (start = " in remark for remark in codec.remarks)
    assert codec.encode_frame(frame).shape[0] == 600
    assert codec.decode_frame(codec.encode_frame(frame)).pipe(lambda one: one["start"] <= one["end"]).all()


@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        ({"kind": "inequality", "low": "end", "high": "start"}, "of 600 records break it .* at most 5%"),
        ({"kind": "inequality", "low": "city", "high": "end"}, "'city' is category"),
        ({"kind": "inequality", "low": "price", "high": "end"}, "two numbers or two dates"),
        ({"kind": "inequality", "low": "begin", "high": "end"}, "no column 'begin'"),
        ({"kind": "formula", "column": "total", "equals": "price + quantity"}, "break it"),
        ({"kind": "formula", "column": "total", "equals": "total * 1"}, "computed from itself"),
        ({"kind": "formula", "column": "total", "equals": "price * city"}, "'city' is category"),
        ({"kind": "unique", "columns": ["city"]}, "city differs in every record: 596 of 600"),
    ],
)
def test_what_does_not_fit_the_data_is_refused(constraint: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        fitted(orders(), constraint)


def test_constraints_that_make_each_other_are_refused() -> None:
    frame = orders()
    for other, message in (
        ({"kind": "inequality", "low": "price", "high": "end"}, "dates are needed"),
        ({"kind": "fixed", "columns": ["end", "city"]}, "Two constraints make the column 'end'"),
    ):
        with pytest.raises(ConfigError, match=message):
            fitted(frame, GAP, other)
    frame["share"] = "1"
    frame[["price", "quantity", "total"]] = "1"
    circle = {"kind": "formula", "column": "price", "equals": "total * quantity"}
    with pytest.raises(ConfigError, match="in a circle"):
        fitted(frame, TOTAL, circle)


def test_what_the_codec_found_is_no_setting_of_a_recipe() -> None:
    codec = fitted(orders(), GAP)
    kept = {name: value for name, value in codec.state().items() if name not in codec.fitted}
    assert kept["constraints"] == [{**GAP, "strict": False, "natures": [], "alone": False}]
    again = Table.read(kept, "codec").fit([orders()])
    assert again == codec
