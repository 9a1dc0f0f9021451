"""Risks have the sign, the size and the coverage that the paper gives them; descriptions fit whom they should."""

from __future__ import annotations

import numpy as np
import pytest

from mintage.statistics.attacks import Attack, Rate, wilson
from mintage.statistics.predicates import Predicates, guesses, of_one_record, of_one_value
from mintage.statistics.record_arrays import RecordArrays


def test_an_attack_that_always_succeeds_on_those_who_were_learned_from_is_all_risk() -> None:
    value, (low, high) = Attack(Rate(1000, 1000), Rate(0, 1000), Rate(0, 1000)).risk
    assert value > 0.99
    assert low > 0.98
    assert high == 1


def test_the_risk_is_what_the_attack_gains_beyond_the_control() -> None:
    value, (low, high) = Attack(Rate(600, 1000), Rate(200, 1000), Rate(0, 1000)).risk
    assert value == pytest.approx((0.6 - 0.2) / 0.8, abs=0.005)
    assert low < 0.5 < high
    assert Attack(Rate(200, 1000), Rate(600, 1000), Rate(0, 1000)).risk == (0.0, (0.0, 0.0))


def test_the_interval_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    truth = (0.3 - 0.1) / 0.9
    inside = 0
    for _ in range(400):
        attack = Attack(Rate(int(rng.binomial(500, 0.3)), 500), Rate(int(rng.binomial(500, 0.1)), 500), Rate(0, 500))
        low, high = attack.risk[1]
        inside += low <= truth <= high
    assert inside / 400 == pytest.approx(0.95, abs=0.03)


def test_wilson_has_an_interval_even_where_nothing_was_hit() -> None:
    centre, half = wilson(Rate(0, 50))
    assert centre == pytest.approx(half)
    assert half > 0.03


def table(made: np.ndarray) -> RecordArrays:
    return RecordArrays(("n", "c"), ("number", "category"), ((), ("a", "b")), {"made": made})


def test_descriptions_fit_the_right_records() -> None:
    records = np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 1.0], [np.nan, 1.0]])
    asked = {(0, 1, 3.0): True, (0, -1, 1.0): True, (0, 1, 2.0): False, (0, 0, np.nan): True, (1, 0, 1.0): False}
    columns, signs, values = (np.array([each[place] for each in asked])[:, None] for place in range(3))
    assert Predicates(columns, signs, values).single_out(records).tolist() == list(asked.values())


def test_descriptions_read_off_made_records_fit_one_of_them() -> None:
    rng = np.random.default_rng(0)
    made = np.stack([rng.normal(size=200).round(1), rng.integers(0, 2, 200)], 1).astype(float)
    for found in (of_one_value(table(made), 50, rng), of_one_record(table(made), 50, 2, rng)):
        assert 0 < len(found.columns) <= 50
        assert found.single_out(made).all()
    assert guesses(table(made), 50, 2, rng).single_out(made).mean() < 0.2


def test_a_table_without_rare_values_has_nothing_to_describe() -> None:
    made = np.zeros((100, 2))
    rng = np.random.default_rng(0)
    assert len(of_one_value(table(made), 50, rng).columns) == 0
    assert len(of_one_record(table(made), 50, 2, rng).columns) == 0
