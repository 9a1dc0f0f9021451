"""Texts that are nearly the same are found, others are not, and pieces make no difference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mintage.data.near_texts import Sketches, groups_of, near_pairs, sketch

SIGNS = [chr(point) for point in range(0x4E00, 0x4E00 + 400)]


def poems(count: int, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(SIGNS, 60)) for _ in range(count)]


def test_the_share_of_equal_hashes_estimates_the_jaccard_similarity() -> None:
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(SIGNS, 8)) for _ in range(900)]
    for kept in (300, 600, 850):
        both = sketch(["|".join(words[:900]), "|".join(words[900 - kept :])])
        shingles = [
            {text[k : k + 8] for k in range(len(text) - 7)} for text in ("|".join(words), "|".join(words[-kept:]))
        ]
        truth = len(shingles[0] & shingles[1]) / len(shingles[0] | shingles[1])
        assert (both[0] == both[1]).mean() == pytest.approx(truth, abs=0.17)  # 3 standard errors of 64 hashes


def test_a_changed_sign_makes_a_near_copy_and_another_poem_does_not() -> None:
    made = poems(300)
    changed = [poem[:30] + "X" + poem[31:] for poem in made[:100]]
    pairs = near_pairs(sketch(made + changed))
    assert {tuple(pair) for pair in pairs.tolist()} <= {(k, 300 + k) for k in range(100)}
    assert len(pairs) >= 97


def test_case_and_spaces_make_no_difference() -> None:
    first, second = sketch(
        ["To be, or not\nto be:  that is the question", "TO BE, or not to be: that is\r\nthe question "]
    )
    assert (first == second).all()


def test_a_text_in_pieces_has_nearly_the_sketch_of_the_whole() -> None:
    text = "".join(poems(30))
    whole = sketch([text])[0]
    parts = sketch([text[:700], text[700:]]).min(axis=0)
    assert (whole == parts).mean() > 0.9


@settings(max_examples=25, deadline=None)
@given(texts=st.lists(st.text(max_size=20), min_size=1, max_size=12))
def test_a_sketch_does_not_depend_on_its_neighbours(texts: list[str]) -> None:
    together = sketch(texts)
    assert all((sketch([text])[0] == row).all() for text, row in zip(texts, together, strict=True))


def test_a_batch_is_cut_into_blocks_without_a_trace() -> None:
    texts = ["".join(poems(k % 7 * 50 + 1, seed=k)) for k in range(14)]  # up to 18,000 characters
    together = sketch(texts)
    assert all((sketch([text])[0] == row).all() for text, row in zip(texts, together, strict=True))


def test_some_of_many_are_sketched_and_named_by_their_own_number() -> None:
    made = poems(20)
    sketches = Sketches(40, every=2)
    for row in range(40):
        for piece in (made[row % 20][:30], made[row % 20][30:]):
            sketches.add(row, piece)
    assert sorted(map(tuple, sketches.pairs().tolist())) == [(row, row + 20) for row in range(0, 20, 2)]


def test_groups_join_pairs_of_pairs() -> None:
    pairs = np.array([[2, 5], [5, 9], [1, 3], [8, 9]])
    assert groups_of(10, pairs).tolist() == [0, 1, 2, 1, 4, 2, 6, 7, 2, 2]
    assert groups_of(3, np.empty((0, 2), np.int64)).tolist() == [0, 1, 2]


def test_many_equal_texts_are_one_group_in_linear_time() -> None:
    sketches = np.repeat(sketch(["the same text again and again"]), 5_000, axis=0)
    pairs = near_pairs(sketches)
    assert len(pairs) <= 4 * 5_000
    assert set(groups_of(5_000, pairs).tolist()) == {0}
