"""Where walks begin: at the ends of the latest windows, every one as likely as the others, nothing else."""

from __future__ import annotations

import pytest
import torch

from mintage.layers.beginnings import Beginnings
from mintage.layers.past import Past

HALVES = (2.0, 10.0)


def beginnings() -> Beginnings:
    return Beginnings(HALVES, 2, 3, (12, 2))


def remember(begin: Beginnings, seed: int) -> None:
    past = Past.along(windows(8, seed), HALVES, 2)[2]
    begin.remember(
        past, past.level[:, None, :2].expand(-1, 12, -1)
    )  # what is known of later steps, by which to know it


def windows(rows: int, seed: int) -> torch.Tensor:
    return torch.randn(rows, 13, 3, generator=torch.Generator().manual_seed(seed))


def test_before_any_window_it_is_the_past_of_nothing() -> None:
    past, ahead = beginnings().drawn(torch.randn(5))
    torch.testing.assert_close(past.features(), Past.begin(torch.zeros(5, 3), HALVES, 2).features())
    assert torch.equal(ahead, torch.zeros(5, 12, 2))


def test_what_is_drawn_is_what_a_window_ended_with() -> None:
    begin = beginnings()
    remember(begin, 0)
    ends = Past.along(windows(8, 0), HALVES, 2)[2].features()
    past, ahead = begin.drawn(torch.randn(4_000, generator=torch.Generator().manual_seed(1)))
    drawn = past.features()
    which = (drawn[:, None] - ends[None]).abs().flatten(2).amax(2).argmin(1)
    torch.testing.assert_close(drawn, ends[which])
    assert torch.equal(ahead[:, 0], past.level[:, :2])  # of the same window
    assert which.bincount(minlength=8).tolist() == pytest.approx([500] * 8, abs=90)


def test_the_latest_take_the_place_of_the_oldest_and_resume_with_the_state() -> None:
    begin = beginnings()
    for seed in range(70):
        remember(begin, seed)
    again = beginnings()
    again.load_state_dict(begin.state_dict())
    for side in (begin, again):
        remember(side, 70)
    assert torch.equal(begin.ring.kept, again.ring.kept)
    latest = Past.along(windows(8, 70), HALVES, 2)[2].level
    oldest = Past.along(windows(8, 6), HALVES, 2)[2].level
    levels = begin.ring.kept[:, -1]
    assert all((levels == level).all(1).any() for level in latest)
    assert not any((levels == level).all(1).any() for level in oldest)
