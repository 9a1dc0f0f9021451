"""Record recognition: alike is a half, torn apart is told, and a copy of the reference is less than a half."""

from __future__ import annotations

from typing import Any

import pytest
from tests.metrics.people import apart, judged, people

from mintage.contracts import Score
from mintage.metrics.record_recognition import RecordRecognition

pytest.importorskip("sklearn")


def score(made: Any, **other: Any) -> Score:
    (found,) = RecordRecognition(folds=2).measure(judged(made, count=len(made), **other)).scores
    return found


def test_other_people_cannot_be_told_from_real_ones() -> None:
    found = score(people(400, seed=9))
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.5 < found.high
    assert found.floor == pytest.approx(0.5, abs=0.08)
    assert found.baselines["independent columns"] > found.baselines["Gaussian copula"] > 0.55
    assert found.counts == {"made": 400, "real": 400}


def test_columns_torn_apart_are_told() -> None:
    found = score(apart(people(400, seed=9)))
    assert found.low is not None
    assert found.low > 0.8
    assert "picks the made one" in found.words


def test_one_shuffled_column_is_told_by_the_others() -> None:
    made = people(400, seed=9)
    made["rich"] = made["rich"].to_numpy()[::-1]
    assert score(made).value > 0.65


def test_a_copy_of_the_reference_itself_falls_below_a_half() -> None:
    assert score(people(400, seed=2)).value < 0.45


def test_too_few_records_cannot_be_judged() -> None:
    assert "there are 99" in RecordRecognition().lacks(judged(people(99, seed=9)))
    few = score(people(100, seed=9), control=people(20, seed=3))
    assert few.floor is None
    assert few.remarks == ["no floor: 20 control records are too few"]
