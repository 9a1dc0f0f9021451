"""Likelihood: known costs, the plain answer to whether a network is worth it, and the gap to what was learned."""

from __future__ import annotations

import math

import pytest
from tests.metrics.quadrants import evidence as pictures
from tests.metrics.quadrants import quadrants
from tests.metrics.writers import ALPHABET, cut, evidence, prose

from mintage.metrics.likelihood import Likelihood

MADE = cut(prose(4, 3_000))


def test_a_writer_that_knows_nothing_costs_the_logarithm_of_the_vocabulary() -> None:
    nats, bits, _ = Likelihood().measure(evidence(MADE)).scores
    assert nats.value == pytest.approx(math.log(len(ALPHABET)), abs=1e-5)
    assert nats.baselines["uniform"] == pytest.approx(nats.value, abs=1e-5)
    assert bits.value == pytest.approx(math.log2(len(ALPHABET)), abs=1e-5)  # a character is a byte here
    assert "Not yet: the best counted model" in nats.words
    assert nats.remarks == ["windows end to end"]


def test_longer_counts_are_the_harder_to_beat_and_a_better_writer_is_told_to_be_worth_it() -> None:
    nats = Likelihood().measure(evidence(MADE, nats=0.1)).scores[0]
    assert nats.baselines["unigram"] > nats.baselines["2-gram"] > nats.baselines["3-gram"]
    assert set(nats.baselines) >= {"6-gram", "5-gram (Witten-Bell)"}
    assert "Is it worth it? Yes" in nats.words


def test_the_gap_to_what_was_learned_is_told() -> None:
    score = Likelihood().measure(evidence(MADE, nats=2.0, train_nats=0.5)).scores[2]
    assert score.value == pytest.approx(1.5, abs=1e-5)
    assert "much is learned by heart" in score.words


def test_pictures_have_no_likelihood() -> None:
    assert Likelihood().lacks(pictures(quadrants(20, 1), 40)) == "it reads text"
