"""A copy of the training table is caught by every audit; fresh draws from the same distribution by none."""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest
from tests.metrics.populations import evidence, people

from mintage import registry
from mintage.contracts import Evidence, Findings, Score
from mintage.errors import ConfigError
from mintage.metrics.inference import Inference

AUDITS = ("closest_record", "exact_copies", "inference", "linkability", "singling_out")
ATTACKS = ("inference", "linkability", "singling_out")
TRAIN, REAL = people(1500, 1), people(1000, 2)


def measure(name: str, judged: Evidence) -> Findings:
    metric = registry.find("metrics", name)()
    assert metric.reads == ("records",)
    assert metric.lacks(judged) == ""
    return metric.measure(judged)


@cache
def scores(made: str) -> dict[str, Score]:
    tables = {
        "copy": TRAIN.sample(frac=1.0, random_state=0),
        "fresh": people(1500, 3),
        "half": pd.concat([TRAIN[:750], people(750, 3)]),
        "unseen": REAL,  # copies of those whom nobody learned from: not the training records' leak
    }
    judged = evidence(tables[made].reset_index(drop=True), TRAIN, REAL)
    return {score.name: score for name in AUDITS for score in measure(name, judged).scores}


def caught(score: Score) -> bool:
    """Whether the interval leaves what is fair."""
    if score.name == "exact_copies":
        return score.low > score.floor
    if score.name == "closest_distance":
        return score.high < score.floor
    return score.low > score.ideal


def test_a_copy_is_caught_by_every_audit() -> None:
    assert [name for name, score in scores("copy").items() if not caught(score)] == []
    assert scores("copy")["exact_copies"].value == 1.0
    assert scores("copy")["closest_record"].value > 0.99
    assert scores("copy")["closest_distance"].value == 0.0
    for name in ("inference/income", "linkability", "singling_out/one condition"):
        assert scores("copy")[name].value > 0.5


def test_fresh_draws_are_caught_by_none() -> None:
    assert [name for name, score in scores("fresh").items() if caught(score)] == []
    assert scores("fresh")["exact_copies"].value == 0.0
    assert scores("fresh")["closest_record"].value == pytest.approx(0.5, abs=0.05)
    assert scores("fresh")["closest_distance"].value == pytest.approx(
        scores("fresh")["closest_distance"].floor, rel=0.2
    )


def test_half_a_copy_is_half_as_risky() -> None:
    assert scores("half")["exact_copies"].value == 0.5
    assert scores("half")["closest_record"].value == pytest.approx(0.75, abs=0.06)
    whole, half = (scores(made)["inference/income"].value for made in ("copy", "half"))
    assert half == pytest.approx(whole / 2, abs=0.05)


def test_a_leak_of_unseen_records_counts_against_the_risk_not_for_it() -> None:
    found = scores("unseen")
    assert found["closest_record"].high < 0.05
    assert [name for name in found if name.partition("/")[0] in ATTACKS and found[name].value > 0] == []


@pytest.mark.parametrize("made", ["copy", "fresh", "half", "unseen"])
def test_every_score_lies_in_its_interval_and_says_what_it_means(made: str) -> None:
    for name, score in scores(made).items():
        assert score.low <= score.value <= score.high, name
        assert score.floor is not None, name
        assert score.words.endswith("."), name
        assert set(score.counts) & {"made"}, name


def test_identifiers_are_not_compared() -> None:
    renamed = TRAIN.assign(id=[f"new {row}" for row in range(len(TRAIN))])
    assert measure("exact_copies", evidence(renamed, TRAIN, REAL)).scores[0].value == 1.0


def test_secrets_are_the_target_a_category_and_a_number() -> None:
    assert [name for name in scores("fresh") if name.startswith("inference/")] == [
        "inference/married",
        "inference/work",
        "inference/income",
    ]
    found = Inference(secrets=("town",)).measure(evidence(TRAIN, TRAIN, REAL)).scores
    assert [score.name for score in found] == ["inference/town"]
    with pytest.raises(ConfigError, match="no column 'shoe'"):
        Inference(secrets=("shoe",)).measure(evidence(TRAIN, TRAIN, REAL))


def test_the_same_seed_gives_the_same_scores() -> None:
    again = measure("singling_out", evidence(people(1500, 3), TRAIN, REAL))
    assert [score.value for score in again.scores] == [
        score.value for name, score in scores("fresh").items() if name.startswith("singling_out")
    ]


@pytest.mark.parametrize("name", AUDITS)
def test_what_cannot_be_audited_is_refused_in_words(name: str) -> None:
    metric = registry.find("metrics", name)()
    few = people(10, 4)
    assert "held-out records or more, and there are 10" in metric.lacks(evidence(TRAIN, TRAIN, few))
    assert "not known" in metric.lacks(evidence(TRAIN, TRAIN, REAL, known=False))
    with_no_table = Evidence(**{**vars(evidence(TRAIN, TRAIN, REAL)), "records": None})
    assert metric.lacks(with_no_table) == "it reads tables"
