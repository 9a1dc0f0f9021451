"""Record fidelity: copies, outliers, sameness and missing kinds, each seen by the score that is meant for it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tests.metrics.people import judged, people

from mintage.contracts import Score
from mintage.metrics import record_fidelity
from mintage.metrics.record_fidelity import RecordFidelity

pytest.importorskip("pandas")


def scores(made: Any, **other: Any) -> dict[str, Score]:
    return {score.name: score for score in RecordFidelity().measure(judged(made, **other)).scores}


def test_other_people_are_at_the_floor() -> None:
    found = scores(people(600, seed=9))
    for score in found.values():
        assert score.floor == pytest.approx(score.value, abs=0.07)
        assert score.low <= score.value <= score.high  # type: ignore[operator]
    assert found["alpha_precision"].value > 0.9
    assert found["beta_recall"].value > 0.85


def test_copies_of_what_was_learned_from_are_not_authentic() -> None:
    found = scores(people(1200, seed=3)[:600])
    assert found["authenticity"].value == 0.0
    assert found["authenticity"].floor > 0.3  # type: ignore[operator]


def test_the_same_few_records_again_and_again_lose_recall() -> None:
    found = scores(people(600, seed=9)[:6].loc[[place % 6 for place in range(600)]].reset_index(drop=True))
    assert found["beta_recall"].high < 0.4  # type: ignore[operator]


def test_outliers_lose_precision() -> None:
    made = people(600, seed=9)
    made["income"] = 400.0
    found = scores(made)
    assert found["alpha_precision"].high < 0.5  # type: ignore[operator]
    assert found["beta_recall"].value < 0.3


def test_a_curve_on_the_diagonal_is_one_and_all_at_either_end_is_none() -> None:
    near = record_fidelity._near_diagonal
    assert near((torch.arange(1000).double() + 1) / 1000) == pytest.approx(1.0)
    assert near(torch.full((50,), 2.0)) == pytest.approx(0.0, abs=2e-3)
    assert near(torch.zeros(50)) == pytest.approx(0.0, abs=2e-3)


def test_too_few_records_cannot_be_judged() -> None:
    assert "there are 99" in RecordFidelity().lacks(judged(people(99, seed=9)))
