"""Copied spans: against the search of every span, across pieces and documents, and where the control draws the line."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mintage.errors import DataError
from mintage.statistics.copying import calibrate, copied_lines, copied_spans, copying, longest_copies

POEM = "床前明月光，疑是地上霜。举头望明月，低头思故乡。"
WORDS = st.text("abc", max_size=14)


def searched(text: str, train: list[str]) -> list[int]:
    return [
        max(size for size in range(end + 1) if any(text[end - size : end] in document for document in train))
        if train
        else 0
        for end in range(1, len(text) + 1)
    ]


@settings(deadline=None, max_examples=150)
@given(st.lists(WORDS, max_size=4), st.lists(WORDS, max_size=4), st.integers(1, 5))
def test_lengths_are_those_of_the_search_of_every_span(texts: list[str], train: list[str], size: int) -> None:
    pieces = [[document[i : i + size] for i in range(0, len(document), size)] for document in train]
    for found in (longest_copies(texts, train), longest_copies(texts, pieces)):
        assert [each.tolist() for each in found] == [searched(text, train) for text in texts]


def test_spans_run_across_pieces_but_not_across_documents_nor_texts() -> None:
    assert longest_copies(["abcd"], [["ab", "", "cd"]])[0].tolist() == [1, 2, 3, 4]
    assert longest_copies(["abcd"], ["ab", "cd"])[0].tolist() == [1, 2, 1, 2]
    assert [each.tolist() for each in longest_copies(["ab", "cd"], ["abcd"])] == [[1, 2], [1, 2]]


def test_training_text_is_read_once_and_in_passing() -> None:
    def documents() -> Iterator[Iterator[str]]:
        for number in range(3):
            yield (f"{number}:{piece}" for piece in range(4))

    assert int(longest_copies(["1:31"], documents())[0][2]) == 3


def test_characters_of_any_plane_are_one_each() -> None:
    assert longest_copies(["春🙂风"], ["春🙂雨"])[0].tolist() == [1, 2, 0]


def test_spans_are_the_longest_and_may_overlap() -> None:
    lengths = longest_copies(["abcd--xy"], ["abc", "bcd", "xy"])[0]
    assert copied_spans(lengths, 2).tolist() == [[0, 3], [1, 4]]
    assert copied_spans(lengths, 1).tolist() == [[0, 3], [1, 4], [6, 8]]
    assert copied_spans(lengths, 3).shape == (0, 2)
    assert copied_spans(np.zeros(0, np.int64), 0).shape == (0, 2)


def test_a_character_in_two_copied_spans_counts_once() -> None:
    texts = ["abcd--xy", "zzzz"]
    found = copying(longest_copies(texts, ["abc", "bcd", "xy"]), threshold=2)
    assert (found.longest, found.where, found.quote(texts)) == (3, (0, 0, 3), "abc")
    assert (found.spans, found.texts, found.share) == (2, 1, pytest.approx(4 / 12))


def test_nothing_copied_is_nothing_and_all_copied_is_all() -> None:
    texts = [f"text number {number} of many" for number in range(30)]
    none = copying(longest_copies(texts, ["#"]), 5)
    assert (none.longest, none.spans, none.share, none.quote(texts)) == (0, 0, 0.0, "")
    every = copying(longest_copies(texts, texts), 5)
    assert (every.longest, every.texts, every.share) == (22, 30, 1.0)
    for found, certain in ((none, 0.0), (every, 1.0)):  # thirty texts do not prove that there are no others
        assert found.share_of_texts == (certain, found.interval)
        assert found.interval.high - found.interval.low == pytest.approx(0.1157, abs=1e-4)


def test_the_threshold_leaves_the_share_of_the_control_that_was_asked() -> None:
    lengths = [np.arange(1, 1001), np.zeros(1000, np.int64)]
    threshold = calibrate(lengths, 0.999)
    assert threshold == 998
    assert np.mean(np.concatenate(lengths) > threshold) == pytest.approx(0.001)
    assert calibrate([np.array([4, 4, 4])]) == 4


def test_planted_copies_are_found_and_the_control_has_none() -> None:
    rng = random.Random(0)
    vocabulary = ["".join(rng.choices("abcdefghij", k=rng.randint(2, 6))) for _ in range(300)]

    def prose(words: int) -> str:
        return " ".join(rng.choices(vocabulary, k=words))

    train, control, fake = prose(20_000), [prose(60) for _ in range(40)], [prose(60) for _ in range(40)]
    for place in range(0, 40, 4):
        fake[place] = fake[place][:100] + train[place * 500 : place * 500 + 80] + fake[place][100:]
    lengths = longest_copies([*fake, *control], [train])
    threshold = calibrate(lengths[40:])
    made, real = copying(lengths[:40], threshold), copying(lengths[40:], threshold)
    assert made.longest >= 80 > real.longest
    assert made.where[0] % 4 == 0
    assert made.quote(fake) in train
    assert made.interval.low > real.share


def test_lines_and_couplets_of_verse_are_compared_whole() -> None:
    fake = ["床前明月光，疑是地上霜。千里共婵娟。", "举头望明月，疑是地上霜。"]
    assert [each.tolist() for each in copied_lines(fake, [POEM])] == [[True, True, False], [True, True]]
    assert [each.tolist() for each in copied_lines(fake, [POEM], run=2)] == [[True, False], [False]]
    assert copied_lines(["前明月光，"], [POEM])[0].tolist() == [False]
    assert copied_lines(["床前明月光"], [POEM], run=2)[0].shape == (0,)


@pytest.mark.parametrize("size", [1, 3, 8, 100])
def test_lines_join_across_pieces_and_couplets_do_not_across_documents(size: int) -> None:
    pieces = [POEM[i : i + size] for i in range(0, len(POEM), size)]
    assert copied_lines([POEM], [pieces], run=4)[0].tolist() == [True]
    assert copied_lines([POEM], [POEM[:12], POEM[12:]], run=2)[0].tolist() == [True, False, True]


def test_without_text_there_is_nothing_to_judge() -> None:
    with pytest.raises(DataError, match="hold some documents out"):
        calibrate([])
    for nothing in ([], [np.zeros(0, np.int64)]):
        with pytest.raises(DataError, match="no texts"):
            copying(nothing, 5)


@pytest.mark.data
@pytest.mark.skipif("MINTAGE_TEST_DATA" not in os.environ, reason="needs MINTAGE_TEST_DATA/shakespeare")
def test_unseen_shakespeare_repeats_seen_shakespeare_as_others_have_measured() -> None:
    text = (Path(os.environ["MINTAGE_TEST_DATA"]) / "shakespeare/input.txt").read_text()
    train, heldout = text[:1_003_854], text[1_003_854:]
    lengths = longest_copies([heldout], [[train[i : i + 100_000] for i in range(0, len(train), 100_000)]])
    for size, share in {8: 0.50, 12: 0.108, 16: 0.015, 20: 0.002}.items():
        assert (lengths[0] >= size).mean() == pytest.approx(share, rel=0.15)
    assert 19 <= calibrate(lengths) <= 23
