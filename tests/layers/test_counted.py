"""Counts inside a network say what the counted model says, and travel with a checkpoint."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mintage.layers.counted import CountedText
from mintage.statistics.ngrams import NgramModel

TEXT = np.random.default_rng(0).integers(0, 7, 400) * (np.arange(400) % 3 > 0)  # zeros at every third place


def counted(order: int) -> tuple[NgramModel, CountedText]:
    model = NgramModel.fit(TEXT, order, 7)
    counts = CountedText(order, 7)
    counts.fill(model.levels)
    return model, counts


@pytest.mark.parametrize("order", [1, 2, 4, 6])
def test_every_place_is_told_what_the_counted_model_says(order: int) -> None:
    model, counts = counted(order)
    tokens = torch.from_numpy(TEXT[100:130].copy()).view(2, 15)
    said = counts(tokens, 15)
    assert said.shape == (2, 15, 7)
    for row in range(2):
        for place in (0, 1, 5, 14):
            expected = model.probabilities(tokens[row, : place + 1].numpy())
            np.testing.assert_allclose(said[row, place].numpy(), expected, atol=1e-6)


def test_the_last_place_alone_is_told_the_same() -> None:
    _, counts = counted(4)
    tokens = torch.from_numpy(TEXT[50:70].copy())[None]
    torch.testing.assert_close(counts(tokens, 1)[:, 0], counts(tokens, 20)[:, -1])


def test_an_empty_one_knows_nothing() -> None:
    said = CountedText(3, 5)(torch.tensor([[1, 2, 3]]), 2)
    torch.testing.assert_close(said, torch.full((1, 2, 5), 0.2))


def test_counts_of_any_size_are_loaded() -> None:
    _, counts = counted(5)
    twin = CountedText(5, 7)
    twin.load_state_dict(counts.state_dict())
    tokens = torch.from_numpy(TEXT[:30].copy())[None]
    assert torch.equal(twin(tokens, 30), counts(tokens, 30))


def test_a_target_costs_what_its_probability_says() -> None:
    _, counts = counted(5)
    tokens = torch.from_numpy(TEXT[:41].copy())[None]
    chances = counts(tokens[:, :-1], 40).gather(2, tokens[:, 1:, None])[..., 0]
    torch.testing.assert_close(counts.costs(tokens[:, :-1], tokens[:, 1:]), -chances.log(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("known", [1, 2, 7])
def test_what_follows_the_last_token_is_the_same_by_either_way(known: int) -> None:
    _, counts = counted(6)
    tokens = torch.from_numpy(TEXT[200 : 200 + 3 * known].copy()).view(3, known)
    torch.testing.assert_close(counts.last(tokens), counts(tokens, known)[:, -1])
