"""Copied text: a writer that repeats its training text is named, one that writes like the author is not."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from tests.metrics.writers import cut, evidence, prose

from mintage.metrics.copied_text import CopiedText
from mintage.watching.verdicts import copy_parts

COPIED, FRESH = cut(prose(1, 3_000)), cut(prose(5, 3_000))


def test_a_writer_that_repeats_the_training_text_is_named_a_copier() -> None:
    scores = CopiedText().measure(evidence(COPIED)).scores
    share, passages, longest = scores
    assert share.value == passages.value == 1.0
    assert share.low > share.floor
    assert longest.value == 60
    assert prose(1, 20) in longest.words
    told = "".join(copy_parts({"scores": [asdict(score) for score in scores]}, Path("none.png")))
    assert "note alarm" in told
    assert "Search samples" in told


def test_one_that_writes_like_the_author_is_not() -> None:
    scores = CopiedText().measure(evidence(FRESH)).scores
    share, _, longest = scores
    assert share.low <= share.floor < 0.05
    assert longest.value < 40
    told = "".join(copy_parts({"scores": [asdict(score) for score in scores]}, Path("none.png")))
    assert "No clear sign of copying" in told
    assert "pairs" not in told


def test_only_so_much_of_the_training_text_is_searched_and_that_is_said() -> None:
    share = CopiedText(most_train=100).measure(evidence(FRESH)).scores[0]
    assert share.remarks == []  # what is no longer than one piece is read to its end
