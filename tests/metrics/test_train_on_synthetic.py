"""Train on synthetic: what made records teach, beside as many real ones; torn apart they teach nothing."""

from __future__ import annotations

from typing import Any

import pytest
from tests.metrics.people import KINDS, apart, judged, people

from mintage.contracts import Score
from mintage.metrics.train_on_synthetic import TrainOnSynthetic

pytest.importorskip("sklearn")


def scores(made: Any, target: str = "rich") -> dict[str, Score]:
    return {score.name: score for score in TrainOnSynthetic().measure(judged(made, target=target)).scores}


@pytest.mark.parametrize(("target", "least"), [("rich", 0.9), ("income", 0.7)])
def test_other_people_teach_as_much_as_real_ones(target: str, least: float) -> None:
    found = scores(people(600, seed=9), target)
    one, gap = found["train_on_synthetic"], found["utility_gap"]
    assert one.value > least
    assert one.floor == pytest.approx(one.value, abs=0.05)
    assert one.baselines["independent columns"] < one.value - 0.2
    assert gap.value == pytest.approx(one.floor - one.value)  # type: ignore[operator]
    assert abs(gap.value) < 0.05
    assert target in one.words


def test_people_torn_apart_teach_nothing_and_a_target_turned_round_less_than_that() -> None:
    torn = scores(apart(people(600, seed=9)))
    assert torn["train_on_synthetic"].value == pytest.approx(0.5, abs=0.12)
    assert torn["utility_gap"].low > 0.2  # type: ignore[operator]
    assert "teach less" in torn["utility_gap"].words
    made = people(600, seed=9)
    made["rich"] = ~made["rich"]
    assert scores(made)["train_on_synthetic"].value < 0.15


def test_made_records_of_one_class_teach_no_more_than_guessing() -> None:
    assert scores(people(600, seed=9).assign(rich=True))["train_on_synthetic"].value == 0.5


def test_without_a_target_that_can_be_foretold_it_says_why() -> None:
    made = people(200, seed=9)
    assert TrainOnSynthetic().lacks(judged(made)) == ""
    assert "no column is the target" in TrainOnSynthetic().lacks(judged(made, target=""))
    assert "identifier" in TrainOnSynthetic().lacks(judged(made, target="key"))
    assert "have the same rich" in TrainOnSynthetic().lacks(judged(made, real=made.assign(rich=True)))
    assert "50 made" in TrainOnSynthetic().lacks(judged(made[:50]))
    alone = judged(made, kinds={name: KINDS[name] for name in ("rich", "key")})
    assert "no column is there" in TrainOnSynthetic().lacks(alone)
