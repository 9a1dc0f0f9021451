"""Variety: sameness and repetition show, and a sweep over temperatures gives a pair of scores each."""

from __future__ import annotations

from dataclasses import replace

from tests.metrics.writers import cut, evidence, prose

from mintage.metrics.variety import Variety

METRIC = Variety(passages=20, temperatures=(0.5, 1.0))


def test_a_writer_that_always_writes_the_same_is_alike_to_itself() -> None:
    same = {score.name: score for score in METRIC.measure(evidence([prose(4, 60)] * 20)).scores}
    fresh = {score.name: score for score in METRIC.measure(evidence(cut(prose(4, 1_200)))).scores}
    assert same["self_bleu"].value > 0.99 > fresh["self_bleu"].value
    assert same["distinct_2"].value < fresh["distinct_2"].value
    assert abs(fresh["bleu"].value - fresh["bleu"].floor) < 0.1


def test_a_loop_is_repetition() -> None:
    score = next(s for s in METRIC.measure(evidence(["the king went " * 5] * 12)).scores if s.name == "repetition")
    assert score.value > 0.6 > score.floor


def test_every_temperature_has_its_pair() -> None:
    asked = []

    def write(count: int, temperature: float) -> list[str]:
        asked.append((count, temperature))
        return [prose(9, 60)] * count

    seen = evidence(cut(prose(4, 1_200)))
    seen = replace(seen, texts=replace(seen.texts, write=write))
    names = {score.name: score.value for score in METRIC.measure(seen).scores}
    assert asked == [(20, 0.5)]  # those of temperature 1 are there already
    assert names["self_bleu/0.5"] > 0.99
    assert names["bleu/1"] == names["bleu"]
