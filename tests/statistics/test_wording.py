"""Wording: counted by hand, at the ends of each scale, and another package beside ours."""

from __future__ import annotations

import random

import pytest

from mintage.errors import DataError
from mintage.statistics.wording import bleu, distinct, repetition, self_bleu, tokenise


def texts(count: int, seed: int = 0, kinds: int = 8, longest: int = 15) -> list[list[str]]:
    rng = random.Random(seed)
    return [[f"w{rng.randrange(kinds)}" for _ in range(rng.randint(1, longest))] for _ in range(count)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It's well-known, isn't it?", ["It's", "well-known", ",", "isn't", "it", "?"]),
        ("兰叶春葳蕤，桂华秋皎洁。", list("兰叶春葳蕤，桂华秋皎洁。")),
        ("GPT写诗。", ["GPT", "写", "诗", "。"]),
        ("テストです・カー", list("テストです・カー")),
        ("한국어 문장", ["한국어", "문장"]),
        ("हिन्दी में लिखा", ["हिन्दी", "में", "लिखा"]),
        ("cafe\u0301 naïve", ["cafe\u0301", "naïve"]),
        ("ไทย", list("ไทย")),
        ("𠀀𠀁", ["𠀀", "𠀁"]),
        (" \n\t ", []),
    ],
)
def test_words_where_there_are_spaces_and_characters_where_there_are_none(text: str, expected: list[str]) -> None:
    assert tokenise(text) == expected


def test_punctuation_can_be_left_out() -> None:
    assert tokenise("“春风”——又绿 'twas—done_", punctuation=False) == ["春", "风", "又", "绿", "twas", "done"]


def test_distinct_is_counted_in_portions_of_the_budget_and_within_texts() -> None:
    two = [["a", "b"], ["a", "b"], ["c", "d"], ["c", "e"]]
    assert distinct(two, n=1, budget=8).value == pytest.approx(5 / 8)
    assert distinct(two, n=2, budget=8).value == pytest.approx(3 / 4)
    assert distinct(two, n=2, budget=4).value == pytest.approx((1 / 2 + 1) / 2)
    assert distinct([*two, ["a"]], n=2, budget=8).value == pytest.approx(3 / 4)


def test_distinct_does_not_change_with_the_number_of_texts_at_one_budget() -> None:
    few, many = (distinct(texts(count, kinds=50), n=1, budget=200) for count in (100, 1000))
    assert few.interval.low < many.value < few.interval.high
    assert many.interval.high - many.interval.low < few.interval.high - few.interval.low


def test_repetition_is_that_of_a_text_with_itself_only() -> None:
    assert repetition([list("abcdef"), list("abcdef")], n=2).value == 0
    assert repetition([list("ababab")], n=2).value == pytest.approx(3 / 5)
    assert repetition([list("aaaaa"), list("abcde"), ["a"]], n=4).value == pytest.approx(1 / 4)


def test_a_text_that_is_a_reference_has_bleu_one_and_one_without_a_match_none() -> None:
    references = texts(5, longest=15)
    references = [[*text, "x", "y", "z", "w"] for text in references]
    assert bleu(references, references).value == pytest.approx(1)
    assert bleu([["never", "seen"]], references).value == 0


def test_n_grams_count_no_more_often_than_in_one_reference() -> None:
    assert bleu([["the"] * 7], [["the", "cat", "is", "on", "the", "mat"]], n=1).value == pytest.approx(2 / 7)
    assert bleu([["the"] * 7], [["the"], ["the"]] * 5, n=1).value == pytest.approx(1 / 7)


def test_texts_that_are_all_alike_have_self_bleu_one_and_strangers_none() -> None:
    assert self_bleu([list("abcdef")] * 8).value == pytest.approx(1)
    assert self_bleu([[f"{n}{m}" for m in range(9)] for n in range(8)]).value == 0


def test_intervals_narrow_with_the_number_of_texts_and_hold_the_value() -> None:
    for score in (lambda some: bleu(some, texts(50, seed=9)), self_bleu, lambda some: repetition(some, 2)):
        few, many = score(texts(30)), score(texts(480))
        for found in (few, many):
            assert found.interval.low <= found.value <= found.interval.high
        assert many.interval.high - many.interval.low < few.interval.high - few.interval.low


def test_one_text_has_a_value_and_no_interval() -> None:
    assert repetition([list("ababab")], 2).interval == (0, 1)
    assert self_bleu([list("ab"), list("ac")]).interval == (0, 1)


def test_too_little_text_is_refused_with_what_to_do() -> None:
    with pytest.raises(DataError, match="make more texts"):
        distinct([["a", "b"]], n=1, budget=3)
    for score in (lambda: distinct([["a"], ["b"]], n=2, budget=2), lambda: repetition([["a"], []], 4)):
        with pytest.raises(DataError, match="longer texts"):
            score()
    with pytest.raises(DataError, match="one each"):
        bleu([], [["a"]])
    with pytest.raises(DataError, match="two or more"):
        self_bleu([["a"]])


@pytest.mark.reference
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_nltk_gives_the_same_bleu_and_self_bleu(n: int) -> None:
    theirs = pytest.importorskip("nltk.translate.bleu_score")
    smooth, weights = theirs.SmoothingFunction().method1, [1 / n] * n
    for seed in range(8):
        made, real = texts(12, seed), texts(9, seed + 100)
        wanted = [theirs.sentence_bleu(real, text, weights, smooth) for text in made]
        assert bleu(made, real, n).value == pytest.approx(sum(wanted) / len(wanted), abs=1e-12)
        wanted = [theirs.sentence_bleu(made[:i] + made[i + 1 :], made[i], weights, smooth) for i in range(len(made))]
        assert self_bleu(made, n).value == pytest.approx(sum(wanted) / len(wanted), abs=1e-12)
