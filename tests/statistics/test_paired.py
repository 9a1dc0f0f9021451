"""Paired scores: mean, interval, and a sentence that counts what is better than simple means."""

from __future__ import annotations

import pytest
import torch

from mintage.statistics.paired import paired_score

MADE = torch.tensor([1.0, 2.0, 3.0, 4.0])
SIMPLE = {"bicubic": torch.tensor([2.0, 2.0, 2.0, 2.0]), "copy": torch.tensor([9.0, 0.0, 0.0, 0.0])}


def test_the_best_simple_means_is_named_and_those_better_are_counted() -> None:
    falls = paired_score("d", MADE, SIMPLE, words="They are {value} away", higher_is_better=False, ideal=0.0)
    assert falls.value == 2.5
    assert falls.low is not None
    assert falls.high is not None
    assert falls.low + falls.high == pytest.approx(5.0)
    assert falls.baselines == {"bicubic": 2.0, "copy": 2.25}
    assert falls.words.startswith("They are 2.5 away (")
    assert "1 of 4 are better than by bicubic (2), the best simple means." in falls.words
    rises = paired_score("d", MADE, SIMPLE, words="They reach {value}", higher_is_better=True)
    assert "3 of 4 are better than by copy (2.25)" in rises.words


def test_without_simple_means_nothing_is_compared() -> None:
    score = paired_score("d", MADE, {}, words="They reach {value}", higher_is_better=True)
    assert "better" not in score.words
    assert score.counts == {"pairs": 4}
