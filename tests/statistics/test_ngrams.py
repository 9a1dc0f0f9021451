"""Counted models: their papers taken literally, known costs of real text, and another package beside them."""

from __future__ import annotations

import os
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mintage.errors import ConfigError, DataError
from mintage.statistics.ngrams import NgramModel, Smoothing, baselines, nats_elsewhere

BOTH: tuple[Smoothing, ...] = ("witten-bell", "kneser-ney")


def text(length: int, num_tokens: int, seed: int = 0) -> np.ndarray[Any, Any]:
    """Some tokens much more frequent than others, and some order: each draws its successor near itself."""
    rng = np.random.default_rng(seed)
    steps = rng.geometric(0.4, length) * rng.choice([1, 2], length)
    return np.cumsum(steps) % num_tokens % max(1, num_tokens - num_tokens // 4)


def literally(tokens: list[int], order: int, num_tokens: int, smoothing: Smoothing) -> Any:
    """p(token | context) by the papers' recursions, over dictionaries of tuples."""
    grams = {n: Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)) for n in range(1, order + 1)}
    if smoothing == "kneser-ney":  # shorter ones by how many different tokens stand before them, -1 at the beginning
        padded = (-1, *tokens)
        for n in range(1, order):
            grams[n] = Counter(longer[1:] for longer in {padded[i : i + n + 1] for i in range(len(tokens) - n + 1)})

    @cache
    def discounts(n: int) -> tuple[float, ...]:
        of = Counter(grams[n].values())
        if not all(of[k] for k in (1, 2, 3, 4)):
            return (0.5, 1.0, 1.5)
        y = of[1] / (of[1] + 2 * of[2])
        d = (1 - 2 * y * of[2] / of[1], 2 - 3 * y * of[3] / of[2], 3 - 4 * y * of[4] / of[3])
        return d if min(d) > 0 else (0.5, 1.0, 1.5)

    def chance(token: int, context: tuple[int, ...]) -> float:
        lower = chance(token, context[1:]) if context else 1 / num_tokens
        n = len(context) + 1
        follow = {gram[-1]: times for gram, times in grams[n].items() if gram[:-1] == context}
        if not follow:
            return lower
        total, times = sum(follow.values()), follow.get(token, 0)
        if smoothing == "witten-bell":
            return (times + len(follow) * lower) / (total + len(follow))
        off = (0.0, *discounts(n))
        gamma = sum(off[min(count, 3)] for count in follow.values()) / total
        return max(times - off[min(times, 3)], 0) / total + gamma * lower

    return lambda token, context: chance(token, tuple(context)[max(0, len(context) - order + 1) :])


@pytest.mark.parametrize("smoothing", BOTH)
@pytest.mark.parametrize(("order", "num_tokens", "length"), [(1, 5, 40), (2, 9, 300), (3, 6, 200), (4, 12, 400)])
def test_every_chance_is_what_the_papers_recursion_gives(
    smoothing: Smoothing, order: int, num_tokens: int, length: int
) -> None:
    train, unseen = text(length, num_tokens), text(30, num_tokens + 2, seed=1) % num_tokens
    model = NgramModel.fit(train, order, num_tokens, smoothing)
    wanted = literally(train.tolist(), order, num_tokens, smoothing)
    costs = model.nats(unseen)
    for place in range(len(unseen)):
        context = unseen[:place].tolist()
        assert costs[place] == pytest.approx(-np.log(wanted(int(unseen[place]), context)))
        expected = [wanted(token, context) for token in range(num_tokens)]
        assert model.probabilities(unseen[:place]) == pytest.approx(expected)


@settings(deadline=None, max_examples=60)
@given(
    train=st.lists(st.integers(0, 6), min_size=1, max_size=60),
    context=st.lists(st.integers(0, 7), max_size=8),
    order=st.integers(1, 6),
    smoothing=st.sampled_from(BOTH),
)
def test_chances_sum_to_one_after_any_context_of_any_text(
    train: list[int], context: list[int], order: int, smoothing: Smoothing
) -> None:
    chances = NgramModel.fit(np.array(train), order, 8, smoothing).probabilities(context)
    assert chances.min() > 0
    assert chances.sum() == pytest.approx(1)


@pytest.mark.parametrize("smoothing", BOTH)
def test_a_shortened_model_is_the_one_fitted_at_that_order(smoothing: Smoothing) -> None:
    train, unseen = text(2_000, 20), text(200, 20, seed=1)
    whole = NgramModel.fit(train, 4, 20, smoothing)
    for order in range(1, 5):
        fitted = NgramModel.fit(train, order, 20, smoothing)
        assert whole.shortened(order).nats(unseen).tolist() == fitted.nats(unseen).tolist()


def test_a_long_text_costs_what_its_parts_cost_in_their_context(monkeypatch: pytest.MonkeyPatch) -> None:
    model, unseen = NgramModel.fit(text(2_000, 20), 4, 20), text(500, 20, seed=1)
    whole = model.nats(unseen)
    monkeypatch.setattr("mintage.statistics.ngrams._CHUNK", 7)
    assert model.nats(unseen).tolist() == whole.tolist()


@pytest.mark.parametrize("smoothing", BOTH)
def test_drawn_texts_have_the_models_own_chances(smoothing: Smoothing) -> None:
    model = NgramModel.fit(text(300, 6), 3, 6, smoothing)
    drawn = model.sample(20_000, 3, np.random.default_rng(0))
    first = np.bincount(drawn[:, 0], minlength=6) / 20_000
    assert first == pytest.approx(model.probabilities([]), abs=0.015)
    start = model.probabilities([]).argmax()
    second = model.probabilities([start]).argmax()
    after = drawn[(drawn[:, 0] == start) & (drawn[:, 1] == second), 2]
    assert np.bincount(after, minlength=6) / len(after) == pytest.approx(
        model.probabilities([start, second]), abs=3 / len(after) ** 0.5
    )


def test_a_seed_names_a_text_and_a_models_texts_are_cheap_to_itself() -> None:
    model = NgramModel.fit(text(5_000, 40), 3, 40)
    one, same = (model.sample(5, 200, np.random.default_rng(3)) for _ in range(2))
    assert one.shape == (5, 200)
    assert (one == same).all()
    shuffled = np.random.default_rng(0).permuted(one[0])
    assert model.nats(one[0]).mean() < model.nats(shuffled).mean()


def test_a_large_vocabulary_and_the_longest_context_do_not_meet_in_one_number() -> None:
    train = np.random.default_rng(0).integers(0, 50_000, 20_000)
    model = NgramModel.fit(train, 6, 50_000)
    assert model.nats(train)[5:].mean() < 3
    assert model.nats(train[::-1].copy()).mean() > 9
    assert model.probabilities(train[:5]).argmax() == train[5]


def test_tokens_that_the_text_never_had_cost_a_finite_sum() -> None:
    for smoothing in BOTH:
        assert np.isfinite(NgramModel.fit(np.array([0, 0]), 3, 9, smoothing).nats(np.array([8, 0, 8, 8]))).all()


def test_baselines_say_their_order_and_cheaper_is_longer_where_there_is_order() -> None:
    found = baselines(np.tile([0, 1, 2, 1], 500), np.tile([0, 1, 2, 1], 20), 3, highest=3)
    assert list(found) == ["unigram", "2-gram", "3-gram"]
    assert found["unigram"] > found["2-gram"] > found["3-gram"]
    assert found["3-gram"] < 0.1


def test_what_cannot_be_counted_is_refused_with_what_to_do() -> None:
    train = np.array([0, 1, 2])
    for order in (0, 7):
        with pytest.raises(ConfigError, match="1 to 6"):
            NgramModel.fit(train, order, 3)
    with pytest.raises(ConfigError, match="witten-bell"):
        NgramModel.fit(train, 2, 3, "laplace")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="0 to 1"):
        NgramModel.fit(train, 2, 2)
    with pytest.raises(DataError, match="no tokens"):
        NgramModel.fit(train[:0], 2, 3)
    with pytest.raises(DataError, match="flat array of integers"):
        NgramModel.fit(train[None], 2, 3)
    with pytest.raises(DataError, match="held-out"):
        baselines(train, train[:0], 3)
    with pytest.raises(ConfigError, match="shortened"):
        NgramModel.fit(train, 2, 3).shortened(3)


def characters(text: str) -> tuple[np.ndarray[Any, Any], int]:
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    kinds, tokens = np.unique(codes, return_inverse=True)
    return tokens, len(kinds)


@pytest.mark.data
@pytest.mark.skipif("MINTAGE_TEST_DATA" not in os.environ, reason="needs MINTAGE_TEST_DATA/shakespeare")
def test_shakespeare_costs_what_others_have_counted() -> None:
    tokens, num_tokens = characters((Path(os.environ["MINTAGE_TEST_DATA"]) / "shakespeare/input.txt").read_text())
    train, heldout = tokens[:1_003_854], tokens[1_003_854:]
    model = NgramModel.fit(train, 6, num_tokens, "witten-bell")
    known = {1: 3.345, 3: 2.042, 4: 1.770, 5: 1.667}  # counted by other code at every third place
    for order, nats in known.items():
        assert model.shortened(order).nats(heldout)[1::3].mean() == pytest.approx(nats, abs=5e-4)
    better = baselines(train, heldout, num_tokens, 6)
    assert better["5-gram"] == pytest.approx(1.561, abs=1e-3)
    assert better["6-gram"] == pytest.approx(1.523, abs=1e-3)


def counted_by_nltk(name: str, train: list[int], order: int, num_tokens: int, **settings: float) -> Any:
    model = getattr(pytest.importorskip("nltk.lm"), name)(order, **settings)
    words = [str(token) for token in train]
    grams = [tuple(words[i : i + n]) for n in range(1, order + 1) for i in range(len(words) - n + 1)]
    model.fit([grams], vocabulary_text=[str(token) for token in range(num_tokens)])
    return model


@pytest.mark.reference
def test_nltk_gives_the_same_witten_bell_but_for_what_no_word_takes() -> None:
    train = text(400, 12)
    theirs = counted_by_nltk("WittenBellInterpolated", train.tolist(), 3, 12)
    model = NgramModel.fit(train, 3, 12, "witten-bell")
    unigram = model.shortened(1).probabilities([])  # they leave it as it is, we mix it with the uniform distribution
    for context in [train[i : i + 2] for i in range(0, 100, 7)]:
        words = tuple(str(token) for token in context)
        gammas = theirs.estimator.alpha_gamma("0", words)[1] * theirs.estimator.alpha_gamma("0", words[1:])[1]
        for token, chance in enumerate(model.probabilities(context)):
            base = unigram[token] - theirs.unmasked_score(str(token))
            assert chance == pytest.approx(theirs.unmasked_score(str(token), words) + gammas * base)


@pytest.mark.reference
def test_nltk_gives_the_same_kneser_ney_where_all_bigrams_come_once() -> None:
    train = [0, 0, 1, 0, 2, 0, 3, 1, 1, 2, 1, 3, 2, 2, 3, 3]  # then one discount serves all: theirs has only one
    theirs = counted_by_nltk("KneserNeyInterpolated", train, 2, 4, discount=0.5)
    model = NgramModel.fit(np.array(train), 2, 4, "kneser-ney")
    unigram = literally(train, 2, 4, "kneser-ney")
    for before in range(4):
        seen = theirs.counts[(str(before),)]
        gamma = 0.5 * len(seen) / seen.N()
        for token, chance in enumerate(model.probabilities([before])):
            base = unigram(token, ()) - theirs.unmasked_score(str(token))
            assert chance == pytest.approx(theirs.unmasked_score(str(token), (str(before),)) + gamma * base)


def test_a_text_costs_by_its_other_parts_what_unseen_text_costs() -> None:
    rng = np.random.default_rng(0)
    text = rng.integers(0, 4, 4_000)
    seen = NgramModel.fit(text, 3, 4).nats(text).mean()
    elsewhere = nats_elsewhere(text, 3, 4)
    assert elsewhere.shape == text.shape
    assert elsewhere.mean() > seen
    assert elsewhere.mean() == pytest.approx(np.log(4), abs=0.02)  # nothing can be foretold


def test_a_single_token_costs_what_any_does() -> None:
    assert nats_elsewhere(np.array([2]), 3, 4) == pytest.approx(np.log(4))
