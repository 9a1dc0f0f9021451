"""Perceptual distance: 0 for the truth, another example's for what ignores its input, and the network it names."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tests.metrics.quadrants import quadrants
from tests.metrics.translated import COUNT, inputs, noisy, translation, truth_of

from mintage.contracts import Evidence, Examples, Score
from mintage.embeddings.domain import Domain
from mintage.metrics.perceptual_distance import PerceptualDistance
from mintage.statistics.perception import perception

TRUTH = truth_of(inputs())


def score(fake: Examples, **other: object) -> Score:
    (found,) = PerceptualDistance().measure(translation(fake, **other)).scores
    return found


def test_the_truth_is_at_no_distance() -> None:
    found = score(TRUTH)
    assert found.value == found.ideal == 0
    assert found.remarks == ["features of drawn-00000000"]


def test_what_ignores_its_input_is_as_far_away_as_another_example() -> None:
    found = score(Examples(TRUTH.x.roll(1, 0)))
    assert found.value == pytest.approx(found.baselines["another example"], rel=0.1)
    assert "better" not in found.words  # that scale is no simple means to be beaten


def test_more_noise_is_farther_and_simple_means_are_beaten_in_words() -> None:
    found = score(
        noisy(TRUTH, 10), baselines={"much noise": noisy(TRUTH, 60), "wrong one": Examples(TRUTH.x.roll(1, 0))}
    )
    assert found.value < found.baselines["much noise"] < found.baselines["another example"]
    assert f"{COUNT} of {COUNT} are better than by" in found.words


def test_no_more_pairs_than_asked_for_are_looked_at() -> None:
    (found,) = PerceptualDistance(most=20).measure(translation(noisy(TRUTH, 10))).scores
    assert found.counts == {"pairs": 20}


def test_without_pairs_it_says_why() -> None:
    assert "needs pairs" in PerceptualDistance().lacks(translation(TRUTH, truth=None))
    assert PerceptualDistance().lacks(translation(TRUTH)) == ""


def test_small_pictures_are_seen_by_what_the_examples_teach_which_is_learned_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MINTAGE_CACHE", str(tmp_path))
    train = quadrants(200, seed=3)
    embedder = Domain().prepare(train, tmp_path)
    evidence = Evidence(fake=train, real=train, control=train, train=train, embedder=embedder)
    assert perception(evidence) is perception(evidence)
    assert perception(evidence).identity == embedder.identity
    alike, other = (perception(evidence).of_pictures(train.x[:100], train.x[:100].roll(by, 0)) for by in (4, 1))
    assert float(alike.mean()) < float(other.mean())
    assert torch.equal(perception(evidence).of_pictures(train.x, train.x), torch.zeros(200))
