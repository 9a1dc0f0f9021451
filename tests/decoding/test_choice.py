"""The choice of a token: distributions are met, cuts and bans hold, and rows do not see each other."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as some_arrays
from torch import Tensor

from mintage.config import Settings
from mintage.decoding.choice import Decoding, choose, probabilities
from mintage.errors import ConfigError

LOGITS = torch.tensor([[2.0, 1.0, 0.5, 0.0, -1.0, -2.0, -3.0, 1.5, 0.2, -0.4]])
BUSY = Decoding(
    temperature=0.7, top_k=6, top_p=0.9, min_p=0.02, repetition_penalty=1.3, frequency_penalty=0.1, no_repeat_ngram=3
)


@pytest.mark.parametrize(
    "decoding",
    [
        Decoding(),
        Decoding(temperature=0.6),
        Decoding(top_k=4),
        Decoding(top_p=0.8),
        Decoding(min_p=0.1),
        Decoding(temperature=1.7, top_k=8, top_p=0.95, min_p=0.05),
    ],
    ids=lambda d: str({k: v for k, v in d.model_dump().items() if v != getattr(Decoding(), k)}),
)
def test_many_draws_have_the_distribution_that_is_announced(decoding) -> None:
    draws = 20_000
    u = torch.rand(draws, generator=torch.Generator().manual_seed(3))
    counts = choose(LOGITS.expand(draws, -1), u, decoding).bincount(minlength=10)
    expected = draws * probabilities(LOGITS, decoding)[0].double()
    assert counts[expected == 0].sum() == 0
    kept = expected > 0
    chi_square = ((counts - expected)[kept].square() / expected[kept]).sum()
    assert chi_square < 32  # 99.98th percentile with nine degrees of freedom


def test_plain_probabilities_are_the_softmax_and_uniform_numbers_walk_it_in_order() -> None:
    torch.testing.assert_close(probabilities(LOGITS, Decoding()), LOGITS.softmax(-1))
    edges = LOGITS.softmax(-1)[0].double().cumsum(0)
    inside = torch.cat([torch.zeros(1, dtype=torch.float64), edges[:-1]]) + 1e-6
    assert choose(LOGITS.expand(10, -1), inside, Decoding()).tolist() == list(range(10))


def test_temperature_zero_top_k_one_and_a_tiny_temperature_are_greedy() -> None:
    torch.manual_seed(0)
    logits, u = torch.randn(64, 100) * 5, torch.rand(64)
    best = logits.argmax(-1)
    for decoding in (
        Decoding(temperature=0),
        Decoding(top_k=1),
        Decoding(temperature=1e-30),
        Decoding(top_p=1e-9),
        Decoding(min_p=1),
    ):
        assert torch.equal(choose(logits, u, decoding), best)
        assert probabilities(logits, decoding).count_nonzero() == 64


def test_of_equals_the_first_are_kept_and_no_more_than_asked_for() -> None:
    flat = torch.zeros(1, 6)
    assert probabilities(flat, Decoding(top_k=2))[0].tolist() == [0.5, 0.5, 0, 0, 0, 0]
    assert probabilities(flat, Decoding(top_p=0.5))[0].count_nonzero() == 3
    assert choose(flat, torch.tensor([0.99]), Decoding(temperature=0)).item() == 0


def test_top_p_keeps_a_token_while_those_before_it_fall_short_of_the_share() -> None:
    logits = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()
    for share, kept in ((0.49, 1), (0.51, 2), (0.79, 2), (0.81, 3), (0.96, 4)):
        assert probabilities(logits, Decoding(top_p=share)).count_nonzero() == kept


def test_top_p_of_a_large_flat_vocabulary_sorts_as_far_as_it_needs_to() -> None:
    torch.manual_seed(0)
    logits = torch.cat([torch.randn(1, 5_000) * 0.1, torch.randn(1, 5_000) * 10])
    ordered = logits.softmax(-1).double().sort(-1, descending=True).values
    wanted = (ordered.cumsum(-1) - ordered < 0.9).sum(-1)
    kept = probabilities(logits, Decoding(top_p=0.9)).count_nonzero(-1)
    assert (kept - wanted).abs().max() <= 1
    assert kept[0] > 2_048 > 256 > kept[1]


def test_min_p_keeps_what_is_likely_enough_beside_the_likeliest() -> None:
    logits = torch.tensor([[0.5, 0.25, 0.2, 0.05]]).log()
    assert probabilities(logits, Decoding(min_p=0.3))[0].count_nonzero() == 3
    assert probabilities(logits, Decoding(min_p=0.6))[0].count_nonzero() == 1


@given(
    logits=some_arrays.arrays("float32", (3, 12), elements=st.floats(-60, 60, width=32)),
    allowed=some_arrays.arrays("bool", (3, 12)),
    u=st.floats(0, 1, exclude_max=True),
    top_k=st.integers(0, 13),
    top_p=st.floats(0.01, 1),
    min_p=st.floats(0, 1),
    temperature=st.floats(0, 4),
)
@settings(max_examples=60, deadline=None)
def test_a_token_that_is_banned_or_cut_never_comes(logits, allowed, u, top_k, top_p, min_p, temperature) -> None:
    allowed[:, 5] = True
    decoding = Decoding(top_k=top_k, top_p=top_p, min_p=min_p, temperature=temperature)
    said, may = torch.from_numpy(logits), torch.from_numpy(allowed)
    whole = probabilities(said, decoding, allowed=may)
    torch.testing.assert_close(whole.sum(-1), torch.ones(3))
    assert not whole[~may].any()
    for number in (u, 0.0, 1 - 2**-24, 1 - 2**-53, 1.0):
        token = choose(said, torch.full((3,), number, dtype=torch.float64), decoding, allowed=may)
        assert (whole.gather(1, token[:, None]) > 0).all()


def test_penalties_count_what_came_within_their_window() -> None:
    past = torch.tensor([[9, 1, 1, 3]])
    logits = torch.tensor([[1.0, 2.0, -1.0, -2.0, 0, 0, 0, 0, 0, 4.0]])

    def change(**given: float) -> Tensor:
        bent = probabilities(logits, Decoding(penalty_window=3, **given), past).log()
        return (bent - bent[:, :1] + logits[:, :1])[0]

    wanted = logits[0].clone()
    wanted[1], wanted[3] = 1.0, -4.0
    torch.testing.assert_close(change(repetition_penalty=2.0), wanted)
    wanted[1], wanted[3] = 2.0 - 2 * 0.5, -2.0 - 0.5
    torch.testing.assert_close(change(frequency_penalty=0.5), wanted)
    wanted[1], wanted[3] = 1.5, -2.5
    torch.testing.assert_close(change(presence_penalty=0.5), wanted)


def test_no_run_comes_twice_unless_nothing_else_is_allowed() -> None:
    past = torch.tensor([[1, 2, 3, 1, 2], [1, 2, 3, 2, 1]])
    logits = torch.zeros(2, 5)
    banned = probabilities(logits, Decoding(no_repeat_ngram=3), past) == 0
    assert banned.nonzero().tolist() == [[0, 3]]
    assert (probabilities(logits, Decoding(no_repeat_ngram=1), past) == 0).sum(-1).tolist() == [3, 3]
    assert (probabilities(logits, Decoding(no_repeat_ngram=6), past) > 0).all()
    only = torch.zeros(2, 5, dtype=torch.bool)
    only[:, 3] = True
    assert probabilities(logits, Decoding(no_repeat_ngram=3), past, only)[:, 3].tolist() == [1, 1]


def test_rows_do_not_see_each_other() -> None:
    torch.manual_seed(1)
    logits, u, past = torch.randn(8, 300) * 3, torch.rand(8), torch.randint(0, 300, (8, 40))
    together = choose(logits, u, BUSY, past)
    single = [choose(logits[i : i + 1], u[i : i + 1], BUSY, past[i : i + 1]).item() for i in range(8)]
    assert together.tolist() == single


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"temperature": -1}, "greater than or equal to 0"),
        ({"top_p": 0}, "greater than 0"),
        ({"stop": [""]}, "empty stop"),
        ({"template": "5y4"}, "four lines of five"),
        ({"topk": 3}, "top_k"),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_words(values, words) -> None:
    with pytest.raises(ConfigError, match=words):
        Decoding.read(values)
    assert issubclass(Decoding, Settings)
    assert all(field.description for field in Decoding.model_fields.values())
