"""Windows of a text: each token once an epoch, the same from any step on, and every one scored exactly once."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mintage.codecs.text import TextCodec
from mintage.data.loading import Cut, Stream
from mintage.data.text_view import TextView
from mintage.data.tokens import TokenPart, Tokens
from mintage.errors import DataError

CODEC = TextCodec(tokens="byte")


def view(context: int, *ranges: tuple[int, int], dtype: type = np.uint32) -> TextView:
    """Tokens that are their own numbers."""
    x = np.arange(max(stop for _, stop in ranges) + 5).astype(dtype)
    tokens = Tokens(x, np.array([0]), np.array([0]), CODEC, "made")
    return TextView(tokens, TokenPart(np.array(ranges, np.int64)), CODEC, context)


def targets(windows: torch.Tensor) -> list[int]:
    return windows[:, 1:].flatten().tolist()


@pytest.mark.parametrize("ranges", [[(7, 107)], [(3, 40), (50, 51), (60, 122)]])
def test_each_epoch_shows_every_token_once(ranges: list[tuple[int, int]]) -> None:
    made = view(10, *ranges)
    assert len(made) == 10
    everything = {place for start, stop in ranges for place in range(start, stop)}
    for epoch in range(4):
        windows, _ = made.gather(made.order(10 * epoch, 10, seed=1))
        assert windows.shape == (10, 11)
        assert windows.dtype == torch.int64
        assert sorted(targets(windows)) == sorted(everything)


def test_what_is_left_over_in_an_epoch_is_less_than_a_window_and_moves() -> None:
    made = view(10, (0, 109))
    missed = Counter()
    for epoch in range(60):
        counts = Counter(targets(made.gather(made.order(10 * epoch, 10, seed=0))[0]))
        assert set(counts.values()) == {1}
        missed.update(set(range(109)) - set(counts))
    assert len(missed) > 80


def test_epochs_differ_in_order_and_place_and_seeds_do_too() -> None:
    made = view(10, (0, 1000))
    first, second = made.order(0, 100, 0).x, made.order(100, 100, 0).x
    assert len({*first % 10}) == len({*second % 10}) == 1
    assert sorted(first) != sorted(second)
    assert made.order(0, 100, 1).x.tolist() != first.tolist()


def test_an_order_is_the_same_however_it_is_cut() -> None:
    made = view(10, (0, 237))
    whole = made.order(0, 90, 5).x
    assert np.array_equal(whole[37:61], made.order(37, 24, 5).x)


def test_windows_are_next_to_each_other_in_the_text() -> None:
    made = view(8, (20, 90))
    windows, beside = made.gather(made.order(0, 40, 0))
    assert beside is None
    steps = np.diff(windows.numpy(), axis=1)
    assert set(steps.flatten().tolist()) == {1, -69}, "the end of the part is followed by its beginning"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_a_stream_reads_it_as_it_does_pictures(dtype: type) -> None:
    made = view(8, (20, 90), dtype=dtype)
    streams = [Stream(made, Cut(6, parts=parts), 3, workers=workers) for parts, workers in ((1, 0), (2, 1))]
    for step in range(5):
        (whole,), parts = streams[0](step), streams[1](step)
        assert whole.x.shape == (6, 9)
        assert whole.x.dtype == torch.int64
        assert whole.condition is None
        assert torch.equal(whole.x, torch.cat([part.x for part in parts]))
    for stream in streams:
        stream.close()


def test_judging_sees_the_same_windows_every_time_and_none_over_the_end() -> None:
    made = view(10, (5, 108))
    batch = made.batch(0, 99)
    assert batch.x.shape == (10, 11)
    assert (batch.x.diff(dim=1) == 1).all()
    assert sorted(batch.x[:, 0].tolist()) == list(range(5, 105, 10))
    assert torch.equal(made.batch(3, 4).x, batch.x[3:7])
    assert len(made.batch(99, 4)) == 0


@pytest.mark.parametrize("size", [2, 3, 10, 11])
def test_a_part_that_is_shorter_than_a_window_gives_shorter_ones(size: int) -> None:
    made = view(64, (0, size))
    assert made.length == size - 1
    assert len(made) == (2 if size == 2 else 1)
    windows, _ = made.gather(made.order(0, 8, 0))
    assert windows.shape == (8, size)
    assert made.batch(0, 5).x.tolist() == [list(range(size))]
    ((window, first),) = made.strides(64)
    assert (window.tolist(), first) == (list(range(size)), 0)


def test_an_empty_part_is_empty() -> None:
    tokens = Tokens(np.arange(9), np.array([0]), np.array([0]), CODEC, "made")
    made = TextView(tokens, TokenPart(np.empty((0, 2), np.int64)), CODEC, 4)
    assert (len(made), made.num_inputs) == (0, 0)
    assert list(made.strides(4)) == list(made.stretches()) == []
    assert len(made.batch(0, 4)) == 0
    with pytest.raises(DataError, match="0 tokens to learn from"):
        made.order(0, 1, 0)


@settings(max_examples=100, deadline=None)
@given(size=st.integers(2, 90), context=st.integers(1, 40), stride=st.integers(1, 50), gap=st.integers(0, 3))
def test_each_token_is_scored_exactly_once(size: int, context: int, stride: int, gap: int) -> None:
    ranges = [(0, size)] if not gap or size < 4 else [(0, size // 2), (size // 2 + gap, size + gap)]
    made = view(context, *ranges)
    everything = [place for start, stop in ranges for place in range(start, stop)]
    counted = []
    for window, first in made.strides(stride):
        assert len(window) == made.length + 1
        counted += window[1 + first :].tolist()
    assert counted == everything[1:]


def test_a_smaller_stride_gives_more_to_go_by() -> None:
    made = view(16, (0, 161))
    assert [first for _, first in made.strides(16)] == [0] * 10
    assert [first for _, first in made.strides(8)] == [0] + [8] * 18


def test_all_tokens_of_a_part_can_be_read_in_order() -> None:
    made = view(4, (2, 5), (8, 20))
    assert np.concatenate(list(made.stretches(4))).tolist() == [2, 3, 4, *range(8, 20)]
