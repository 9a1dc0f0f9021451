"""The order of the data is a permutation that is computed and never stored."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mintage.data.order import indices, split


@settings(max_examples=50, deadline=None)
@given(size=st.integers(1, 3000), epoch=st.integers(0, 5), seed=st.integers(0, 2**31))
def test_each_epoch_shows_every_example_once(size: int, epoch: int, seed: int) -> None:
    assert np.array_equal(np.sort(indices(epoch * size, size, size, seed)), np.arange(size))


@settings(max_examples=50, deadline=None)
@given(first=st.integers(0, 500), cut=st.integers(1, 63))
def test_a_batch_is_the_same_however_it_is_cut(first: int, cut: int) -> None:
    whole = indices(first, 64, 100, seed=3)
    assert np.array_equal(whole, np.concatenate([indices(first, cut, 100, 3), indices(first + cut, 64 - cut, 100, 3)]))


def test_epochs_and_seeds_differ_and_neighbours_are_not_neighbours() -> None:
    first, second = indices(0, 1000, 1000, 0), indices(1000, 1000, 1000, 0)
    assert (first == second).mean() < 0.02
    assert (first == indices(0, 1000, 1000, 1)).mean() < 0.02
    assert abs(np.corrcoef(first[:-1], first[1:])[0, 1]) < 0.1


def test_six_million_examples_take_no_memory_and_little_time() -> None:
    assert len(set(indices(10_000_000, 4096, 6_000_000, 0).tolist())) == 4096


def test_held_out_examples_are_never_shown() -> None:
    train, heldout = split(1000, 50, seed=4)
    assert len(heldout) == 50
    everyone = np.concatenate([train.head(1000), heldout.head(1000)])
    assert np.array_equal(np.sort(everyone), np.arange(1000))
