"""Simple ways to make more records: the columns they keep, the pairs they keep, and that a seed is a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.metrics.people import KINDS, judged, people

from mintage.baselines.drawn import baseline_records
from mintage.baselines.gaussian_copula import GaussianCopula
from mintage.baselines.independent_columns import IndependentColumns
from mintage.baselines.noisy_bootstrap import NoisyBootstrap
from mintage.statistics.associations import correlation

pd = pytest.importorskip("pandas")

REAL = people(3000, seed=0)


def drawn(way: Any, frame: Any = REAL, kinds: Any = KINDS, count: int = 3000) -> Any:
    return way.fit(frame, kinds).draw(count, np.random.default_rng(1))


def together(frame: Any) -> float:
    return correlation(frame["income"].to_numpy(), frame["rooms"].to_numpy("float64"))


@pytest.mark.parametrize("way", [IndependentColumns, GaussianCopula, NoisyBootstrap])
def test_columns_keep_their_names_their_shares_and_what_is_missing(way: Any) -> None:
    made = drawn(way)
    assert list(made) == list(REAL)
    shares = made["trade"].value_counts(normalize=True, dropna=False)
    for name, share in REAL["trade"].value_counts(normalize=True, dropna=False).items():
        assert shares[name] == pytest.approx(share, abs=0.03)
    assert made["age"].isna().mean() == pytest.approx(0.05, abs=0.02)
    assert made["income"].quantile([0.1, 0.5, 0.9]).to_numpy() == pytest.approx(
        REAL["income"].quantile([0.1, 0.5, 0.9]).to_numpy(), abs=2.5
    )
    assert (made["rooms"] % 1 == 0).all()
    pd.testing.assert_frame_equal(made, drawn(way))


def test_a_copula_keeps_how_numbers_go_together_and_independent_columns_do_not() -> None:
    assert together(REAL) > 0.7
    assert together(drawn(GaussianCopula)) == pytest.approx(together(REAL), abs=0.05)
    assert abs(together(drawn(IndependentColumns))) < 0.06
    assert together(drawn(NoisyBootstrap)) == pytest.approx(together(REAL), abs=0.05)
    upside_down = REAL.assign(rooms=-REAL["rooms"])
    assert together(drawn(GaussianCopula, upside_down)) < -0.7


def test_a_copula_of_normals_has_their_correlation() -> None:
    x = np.random.default_rng(2).multivariate_normal([0, 0], [[1, -0.6], [-0.6, 1]], size=4000)
    copula = GaussianCopula.fit(pd.DataFrame(x, columns=["a", "b"]), {"a": "number", "b": "number"})
    assert copula.correlation[0, 1] == pytest.approx(-0.6, abs=0.03)


def test_a_bootstrap_copies_no_number_that_is_rare_and_keeps_one_that_is_common() -> None:
    frame = pd.DataFrame({"income": np.where(np.arange(1000) % 2, 0.0, np.random.default_rng(3).random(1000) * 100)})
    made = drawn(NoisyBootstrap, frame, {"income": "number"})["income"]
    assert (made == 0).mean() == pytest.approx(0.5, abs=0.06)
    assert set(made[made != 0]) & set(frame["income"]) <= {frame["income"].max()}


def test_a_column_of_one_value_and_a_table_of_one_record_are_no_trouble() -> None:
    frame = people(1, seed=4)
    for way in (IndependentColumns, GaussianCopula, NoisyBootstrap):
        assert len(drawn(way, frame, count=5)) == 5
    same = REAL.assign(rooms=3, trade="baker")
    assert drawn(GaussianCopula, same)["rooms"].unique().tolist() == [3]


def test_a_judgement_draws_them_once_and_as_many_as_were_made() -> None:
    evidence = judged(people(50, seed=5))
    found = baseline_records(evidence)
    assert set(found) == {"independent columns", "Gaussian copula", "noisy bootstrap"}
    assert all(len(frame) == 50 for frame in found.values())
    assert baseline_records(evidence) is found
