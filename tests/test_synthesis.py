"""Records as they are asked for: conditions are met and distributed rightly, levels balanced, gaps filled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pd = pytest.importorskip("pandas")

from mintage.api import Run, load  # noqa: E402
from mintage.errors import ConfigError, DataError  # noqa: E402
from tests.tables import learned, people  # noqa: E402


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return learned(tmp_path_factory.mktemp("people"))


@pytest.fixture(scope="module")
def real() -> Any:
    return people(60_000, seed=1)


def distance(made: Any, real: Any) -> float:
    """Total variation of the shares of two columns."""
    one, two = made.value_counts(normalize=True), real.value_counts(normalize=True)
    return float(one.subtract(two, fill_value=0).abs().sum() / 2)


def test_what_columns_have_in_common_is_learned(run: Run, real: Any) -> None:
    made = run.records(6_000)
    assert distance(made["town"], real["town"]) < 0.05
    assert ((made["age"] - 20) // 20 == made["town"].map({"Rome": 0, "Bari": 1, "Pisa": 2})).mean() > 0.97  # alone 0.46
    assert np.corrcoef(made["age"], (made["rich"] == "yes").astype(float))[0, 1] > 0.4  # a swapped sign falls below
    assert abs(made["pay"].isna().mean() - real["pay"].isna().mean()) < 0.04
    days = (made["since"] - pd.Timestamp("2020-01-01")).dt.days
    assert (days == 10 * made["age"]).mean() > 0.9
    assert list(made["id"]) == list(range(1, 6_001))


@pytest.mark.parametrize(
    "where",
    ["town = 'Pisa'", "age >= 40 and age < 60", "age = 35", "rich = yes and town != Rome", "pay is missing",
     "pay > 2.5 and town in (Bari, Pisa)", "since < 2020-12-01", "age < 25 or (town = Pisa and rich = no)",
     "not (age between 25 and 70) and pay is not missing"],
)  # fmt: skip
def test_a_condition_is_met_by_all_and_the_rest_follows_from_it(run: Run, real: Any, where: str) -> None:
    from mintage.tabular.conditions import parse_condition

    asked = parse_condition(where, list(real.columns))
    made = run.records(2_000, where=where)
    assert len(made) == 2_000
    assert asked.holds(made).all()
    meant = real[asked.holds(real)]
    for name in ("town", "rich"):
        assert distance(made[name], meant[name]) < 0.15, name
    assert abs(made["pay"].isna().mean() - meant["pay"].isna().mean()) < 0.15
    tens, told = (frame["age"] // 10 for frame in (made, meant))
    assert distance(tens, told) < 0.15


@pytest.mark.parametrize("where", ["", "age >= 40 and pay is not missing"])
def test_levels_are_balanced_and_each_is_as_it_was_learned(run: Run, where: str) -> None:
    made = run.records(1_500, balance="rich", where=where)
    assert made["rich"].value_counts().tolist() == [750, 750]
    free = run.records(20_000, where=where)
    for level in ("yes", "no"):
        assert distance(made.loc[made["rich"] == level, "town"], free.loc[free["rich"] == level, "town"]) < 0.1
    assert run.records(10, balance="town")["town"].value_counts().max() <= 4


def test_nothing_is_missing_where_that_is_asked(run: Run, real: Any) -> None:
    made = run.records(3_000, no_missing=True)
    assert not made.isna().any().any()
    assert distance(made["town"], real.loc[real["pay"].notna(), "town"]) < 0.08


@pytest.mark.parametrize(
    "wanted", [{}, {"where": "age < 30"}, {"balance": "town"}, {"no_missing": True}, {"temperature": 0.7}]
)
def test_a_seed_names_the_same_records_however_many(run: Run, wanted: dict[str, Any]) -> None:
    few, many = run.records(30, seed=5, **wanted), run.records(5_000, seed=5, **wanted)
    pd.testing.assert_frame_equal(few, many.iloc[:30], check_dtype=False)
    assert not few.drop(columns="id").equals(run.records(30, seed=6, **wanted).drop(columns="id"))


def test_a_colder_draw_is_likelier(run: Run) -> None:
    towns = [run.records(2_000, temperature=heat)["town"].value_counts()["Rome"] for heat in (0.3, 1.0, 2.0)]
    assert towns[0] > towns[1] > towns[2]


def test_what_is_missing_is_filled_in_and_what_is_there_stays(run: Run, tmp_path: Path) -> None:
    frame = people(600, seed=3).astype(object)
    frame["since"] = frame["since"].astype("datetime64[s]").astype(str)
    gaps = np.random.default_rng(0).random(frame.shape) < 0.3
    gaps[:, -1] = False
    frame.mask(gaps).to_csv(tmp_path / "gaps.csv", index=False)
    given = pd.read_csv(tmp_path / "gaps.csv", dtype=str)
    run.fill_in(tmp_path / "gaps.csv", tmp_path / "whole.csv")
    whole = pd.read_csv(tmp_path / "whole.csv", dtype=str)
    assert not whole.isna().any().any()
    there = given.notna()
    assert (whole.where(there).fillna("") == given.fillna("")).all().all()
    asked = gaps[:, 0] & ~gaps[:, 1]
    truth = (frame["age"].astype(int) - 20) // 20
    assert (whole["town"].map({"Rome": 0, "Bari": 1, "Pisa": 2}) == truth)[asked].mean() > 0.95


def test_filling_keeps_columns_and_files_of_other_kinds(run: Run, tmp_path: Path) -> None:
    frame = people(80, seed=3).assign(note="as it was", empty=None)
    frame["town"] = pd.Categorical(frame["town"].mask(frame.index % 3 == 0))
    frame["age"] = frame["age"].astype("Int64").mask(frame.index % 4 == 0)
    frame.to_parquet(tmp_path / "gaps.parquet")
    run.fill_in(tmp_path / "gaps.parquet", tmp_path / "whole.parquet")
    whole = pd.read_parquet(tmp_path / "whole.parquet")
    assert list(whole.columns) == list(frame.columns)
    assert set(whole["town"]) <= {"Rome", "Bari", "Pisa"}
    assert whole["age"].notna().all()
    assert (whole["note"] == "as it was").all()
    assert whole["empty"].isna().all()


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"where": "age > 200"}, "No value that was learned meets"),
        (
            {"where": "(town = Rome and pay > 5 and since > 2022-01-01) or (town = Pisa and age = 20 and pay < 0.6)"},
            "too rare",
        ),
        ({"where": "aeg > 20"}, "Did you mean 'age'"),
        ({"where": "age >"}, "cannot be read"),
        ({"where": "id < 3"}, "names its record"),
        ({"where": "town = rome"}, "No value that was learned meets"),
        ({"balance": "age"}, "only columns of a few levels"),
        ({"balance": "twon"}, "There is no column 'twon'"),
        ({"balance": "town", "where": "town is missing"}, "No "),
    ],
)
def test_what_cannot_be_had_is_an_error_that_helps(run: Run, wanted: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        run.records(50, **wanted)


def test_a_file_that_lacks_columns_cannot_be_filled(run: Run, tmp_path: Path) -> None:
    people(20).drop(columns="age").to_csv(tmp_path / "gaps.csv", index=False)
    with pytest.raises(DataError, match="lacks the columns 'age'"):
        run.fill_in(tmp_path / "gaps.csv", tmp_path / "whole.csv")
    assert not (tmp_path / "whole.csv").exists()


def test_a_run_opened_again_makes_the_same(run: Run) -> None:
    pd.testing.assert_frame_equal(run.records(70, seed=2), load(run.path).records(70, seed=2))
