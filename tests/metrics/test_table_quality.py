"""Table quality: a copy is 1, columns torn apart show in pairs alone, a swapped column shows where it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.metrics.people import KINDS, apart, judged, people

from mintage.contracts import Score
from mintage.metrics.table_quality import TableQuality

pd = pytest.importorskip("pandas")


def scores(made: Any, **other: Any) -> dict[str, Score]:
    return {score.name: score for score in TableQuality().measure(judged(made, **other)).scores}


def test_other_people_are_as_alike_as_the_floor_says() -> None:
    found = scores(people(600, seed=9))
    assert set(found) == {"column_shapes", "pair_trends", "quality", "quality_all_pairs", "missing_rates"}
    for score in found.values():
        assert score.low is not None
        assert score.high is not None
        assert score.floor is not None
        assert 0.85 < score.low <= score.value <= score.high <= 1
        assert score.value == pytest.approx(score.floor, abs=0.06)
        assert score.ideal == 1.0
        assert score.counts == {"made": 600, "real": 600}
    assert set(found["quality"].baselines) == {"independent columns", "Gaussian copula", "noisy bootstrap"}


def test_a_perfect_copy_is_one() -> None:
    for score in scores(people(600, seed=2)).values():
        assert score.value == 1.0
        assert "Least alike" not in score.words


def test_columns_torn_apart_keep_their_shapes_and_lose_their_pairs() -> None:
    found = scores(apart(people(600, seed=9)))
    assert found["column_shapes"].value > 0.9
    assert found["pair_trends"].high < found["pair_trends"].floor - 0.1  # type: ignore[operator]
    assert found["pair_trends"].value == pytest.approx(found["pair_trends"].baselines["independent columns"], abs=0.03)
    assert found["quality_all_pairs"].value > found["quality"].value  # easily high


def test_a_column_upside_down_is_named_with_its_pairs_and_keeps_its_shape() -> None:
    made = people(600, seed=9)
    made["income"] = made["income"].max() + made["income"].min() - made["income"]
    found = scores(made)
    assert "income" in found["pair_trends"].words.split("Least alike")[1]
    assert found["pair_trends"].value < 0.8
    assert found["column_shapes"].value > 0.9


def test_a_swapped_column_has_another_shape_and_is_named() -> None:
    made = people(600, seed=9)
    made["age"], made["rooms"] = made["rooms"].astype("float64"), made["age"].fillna(40).astype(int)
    found = scores(made)
    assert "Least alike: age (0.0%), rooms (0.0%)" in found["column_shapes"].words
    assert found["column_shapes"].value < 0.7


def test_missing_values_have_a_score_of_their_own_which_shapes_leave_out() -> None:
    made = people(600, seed=9)
    made["trade"] = made["trade"].fillna("baker")
    found = scores(made)
    assert found["missing_rates"].value == pytest.approx(1 - 0.1 / 2, abs=0.02)  # of age and trade
    assert "Least alike: trade" in found["missing_rates"].words
    whole = people(600, seed=9).dropna()
    parts = {name: people(600, seed).dropna() for name, seed in (("real", 2), ("control", 3), ("train", 4))}
    assert "missing_rates" not in scores(whole, **parts)


def test_a_constant_column_has_no_trend_and_a_table_without_strong_pairs_has_no_such_score() -> None:
    rng = np.random.default_rng(0)
    made, real, control = (pd.DataFrame(rng.random((200, 2)), columns=["age", "income"]).assign(rooms=1) for _ in "abc")
    kinds = {name: KINDS[name] for name in made}
    found = scores(made, real=real, control=control, train=control, kinds=kinds, target="")
    assert "pair_trends" not in found
    assert found["quality"].value == found["column_shapes"].value
    assert found["quality"].remarks == ["No two columns belong together."]
    assert all(np.isfinite(score.value) for score in found.values())


def test_intervals_hold_what_many_tables_score_on_average() -> None:
    rng = np.random.default_rng(0)
    means = np.array([0.0, 0.0]), np.array([0.4, 0.0])
    found = []
    for _ in range(30):
        real, made = (
            pd.DataFrame(rng.multivariate_normal(mean, [[1, 0.7], [0.7, 1]], 200), columns=["age", "income"])
            for mean in means
        )
        parts = {"real": real, "control": real[:40], "train": real[:40]}
        found.append(scores(made, kinds={"age": "number", "income": "number"}, target="", **parts)["quality"])
    truth = np.mean([score.value for score in found])
    held = sum(score.low < truth < score.high for score in found)  # type: ignore[operator]
    assert held >= 26


def test_too_few_records_or_identifiers_alone_cannot_be_judged() -> None:
    assert TableQuality().lacks(judged(people(100, seed=9))) == ""
    assert "there are 39" in TableQuality().lacks(judged(people(39, seed=9)))
    assert "identifiers" in TableQuality().lacks(judged(people(100, seed=9), kinds={"key": "identifier"}))


@pytest.mark.reference
def test_quality_is_that_of_sdmetrics() -> None:
    reports = pytest.importorskip("sdmetrics.reports.single_table")
    made, real = apart(people(600, seed=9)), people(600, seed=2)
    types = {"integer": "numerical", "number": "numerical", "date": "datetime", "identifier": "id"}
    types |= {"category": "categorical", "boolean": "boolean"}
    columns = {name: {"sdtype": types[kind]} for name, kind in KINDS.items()}
    report = reports.QualityReport()
    report.generate(real, made, {"columns": columns}, verbose=False)
    assert scores(made)["quality"].value == pytest.approx(report.get_score(), abs=1e-12)
