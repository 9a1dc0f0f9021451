"""Masks that cover what was drawn, made of what was asked for."""

from __future__ import annotations

import pytest
import torch

from mintage.degrade.mask import Mask
from mintage.errors import ConfigError


def missing(mask, n=40, size=(64, 96), seed=0):
    chance = torch.rand(n, mask.num_draws, generator=torch.Generator().manual_seed(seed))
    return mask.missing(chance, size), chance


@pytest.mark.parametrize("settings", [{}, {"strokes": 0}, {"boxes": 0}, {"strokes": 0, "boxes": 1}], ids=str)
def test_coverage_is_the_drawn_share(settings) -> None:
    hidden, chance = missing(Mask(coverage=(0.1, 0.5), **settings))
    drawn = 0.1 + 0.4 * chance[:, 0]
    share = hidden.float().mean((1, 2))
    assert (share <= drawn + 1e-6).all()
    assert (drawn - share < 0.04).all()  # pixels of one row are equally far from a box
    assert (hidden != hidden[:1]).flatten(1).any(1)[1:].all()


def test_missing_pixels_are_grey_known_ones_untouched_and_the_last_channel_says_which() -> None:
    mask, x = Mask(), torch.rand(3, 3, 48, 48) * 2 - 1
    chance = torch.rand(3, mask.num_draws)
    made = mask(x, chance)
    hidden = mask.missing(chance, (48, 48))[:, None]
    assert torch.equal(made[:, 3:], torch.where(hidden, 1.0, -1.0))
    assert torch.equal(made[:, :3], torch.where(hidden, 0.0, x))


def test_one_box_is_a_box() -> None:
    for hidden in missing(Mask(strokes=0, boxes=1))[0]:
        rows, columns = hidden.any(1), hidden.any(0)
        assert torch.equal(hidden, rows[:, None] & columns)
        for line in (rows, columns):
            assert line.int().diff().abs().sum() <= 2  # without a gap


def test_one_stroke_is_in_one_piece() -> None:
    for hidden in missing(Mask(strokes=1, boxes=0), n=12)[0]:
        reached = torch.zeros_like(hidden)
        reached.view(-1)[hidden.flatten().nonzero()[0]] = True
        for _ in range(400):
            grown = torch.nn.functional.max_pool2d(reached[None].float(), 3, 1, 1)[0].bool() & hidden
            if torch.equal(grown, reached):
                break
            reached = grown
        assert torch.equal(reached, hidden)


def test_every_place_is_hidden_now_and_then() -> None:
    often = missing(Mask(coverage=(0.25, 0.25)), n=300, size=(32, 32))[0].float().mean(0)
    assert often.min() > 0.02  # corners are reached seldom
    assert often.max() < 0.5


def test_a_mask_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="needs strokes or boxes"):
        Mask.read({"strokes": 0, "boxes": 0}, "degrade.mask")
