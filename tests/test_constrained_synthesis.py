"""A trained model of records keeps constraints, keys and conditions together, from the file to the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mintage
from mintage.errors import ConfigError
from tests.tabular.test_constraints import CITIES, FIXED, GAP, TOTAL, orders

pd = pytest.importorskip("pandas")

UNIQUE = {"kind": "unique", "columns": ["badge"]}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("constrained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINTAGE_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        return _trained(folder)


def _trained(folder: Path) -> Any:
    frame = orders(2_000)
    frame.insert(0, "id", [f"K{number:04d}" for number in np.random.default_rng(0).permutation(10_000)[:2_000]])
    frame["badge"] = np.random.default_rng(1).permutation(np.arange(2_000)).astype(str)
    frame.loc[:4, "end"] = "2020-01-01"
    frame.to_csv(folder / "orders.csv", index=False)
    made = mintage.train(
        folder / "orders.csv", out=folder / "runs",
        overrides={
            "codec": {"constraints": [GAP, FIXED, TOTAL, UNIQUE], "key": "id", "kinds": {"badge": "integer"}},
            "model": {"name": "tabular_ar", "width": 16, "hidden": 16},
            "training": {"steps": 60, "batch": 64, "precision": "float32", "channels_last": False},
        },
    )  # fmt: skip
    return made, frame


def holds(made: Any) -> bool:
    return bool(
        (made["start"] <= made["end"]).all()
        and (made["city"].map(CITIES) == made["country"]).all()
        and ((made["price"] * made["quantity"]).round(2) == made["total"]).all()
    )


def test_what_a_run_makes_keeps_all_that_was_declared(run: Any) -> None:
    loaded, frame = run
    made = loaded.records(1_500)
    assert holds(made)
    assert made["badge"].is_unique
    assert made["id"].is_unique
    assert not made["id"].isin(frame["id"]).any()
    assert made["id"].str.fullmatch(r"K\d{4}").all()
    assert loaded.records(20).equals(made.iloc[:20])


def test_records_that_break_a_constraint_are_not_learned_from(run: Any) -> None:
    loaded, _ = run
    assert loaded._trained(None).codec.remarks[0].startswith("start <= end: 5 of 2,000 records break it")


def test_conditions_hold_on_columns_that_constraints_make(run: Any) -> None:
    loaded, _ = run
    for where, meets in (
        ("country = 'France'", lambda made: made["country"] == "France"),
        ("city = 'Rome' and total > 1000", lambda made: (made["city"] == "Rome") & (made["total"] > 1_000)),
        ("end >= 2026-01-01 and start < 2025-12-01", lambda made: made["end"] >= "2026-01-01"),
        ("price < 300", lambda made: made["price"] < 300),
    ):
        made = loaded.records(200, where=where)
        assert len(made) == 200
        assert meets(made).all(), where
        assert holds(made)
        assert made["badge"].is_unique


def test_more_records_than_can_differ_are_refused(run: Any) -> None:
    loaded, _ = run
    with pytest.raises(ConfigError, match="names of its shape"):
        loaded.records(9_000)
    with pytest.raises(ConfigError, match=r"differed in badge from those before"):
        loaded.records(500, where="badge < 300")


def test_gaps_are_filled_so_that_constraints_hold(run: Any, tmp_path: Path) -> None:
    loaded, frame = run
    some = frame.iloc[10:310].reset_index(drop=True)
    some.loc[:99, "end"] = ""
    some.loc[50:149, "total"] = ""
    some.loc[100:199, "country"] = ""
    some.loc[200:249, "start"] = ""
    some.to_csv(tmp_path / "gaps.csv", index=False)
    whole = pd.read_csv(loaded.fill_in(tmp_path / "gaps.csv", tmp_path / "whole.csv"), dtype=str)
    kept = some != ""
    assert ((whole == some) | ~kept).all(axis=None)
    typed = whole.assign(**{name: whole[name].astype(float) for name in ("price", "quantity", "total")})
    filled = typed[typed["start"].notna()]
    assert len(filled) > 270
    assert holds(filled)


def test_a_run_with_constraints_is_judged(run: Any) -> None:
    loaded, _ = run
    verdict = loaded.evaluate(samples=200)
    assert {score.name for score in verdict.scores} >= {"quality"}
