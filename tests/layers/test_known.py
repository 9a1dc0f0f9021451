"""A history and what is known of rows to come pass as one tensor, and come apart as they were."""

from __future__ import annotations

import torch

from mintage.contracts import Batch
from mintage.layers.known import joined, known_of, parted, until, with_known


def test_what_was_joined_comes_apart() -> None:
    history, known = torch.randn(2, 6, 3), torch.randn(2, 10, 4)
    told = parted(joined(history, known), 3, 4)
    assert torch.equal(told.history, history)
    assert torch.equal(told.known, known[:, :6])
    assert torch.equal(told.ahead, known[:, 6:])


def test_the_end_of_a_window_is_hidden_and_what_is_known_of_it_is_not() -> None:
    x, known = torch.randn(2, 10, 3), torch.randn(2, 19, 4)
    told = parted(until(x, known, 4), 3, 4)
    assert torch.equal(told.history, x[:, :6])
    assert torch.equal(told.ahead, known[:, 6:10])


def test_where_nothing_is_known_a_history_stays_what_it_is() -> None:
    history = torch.randn(2, 6, 3)
    for nothing in (None, torch.zeros(2, 10, 0)):
        assert joined(history, nothing) is history
    told = parted(history, 3, 4)
    assert torch.equal(told.history, history)
    assert told.ahead.shape == (2, 4, 0)
    assert known_of(Batch(history)).shape == (2, 11, 0)


def test_known_numbers_stand_beside_the_features_of_every_variable() -> None:
    features, known = torch.randn(2, 5, 3, 7), torch.randn(2, 5, 4)
    both = with_known(features, known)
    assert torch.equal(both[..., :7], features)
    assert torch.equal(both[:, :, 1, 7:], known)
