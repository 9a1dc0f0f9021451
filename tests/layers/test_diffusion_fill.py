"""The smooth start of inpainting: known pixels stay, missing ones are not looked at."""

import torch

from mintage.layers.diffusion_fill import DiffusionFill


def ramp(side: int = 64) -> torch.Tensor:
    y, x = torch.meshgrid(torch.linspace(-1, 1, side), torch.linspace(-1, 1, side), indexing="ij")
    return torch.stack([x, y, (x + y) / 2])[None]


def test_known_pixels_stay_to_the_bit() -> None:
    x = torch.rand(2, 3, 40, 52) * 2 - 1
    known = (torch.rand(2, 1, 40, 52) > 0.4).float()
    filled = DiffusionFill()(x, known)
    there = known.expand_as(x) > 0
    assert torch.equal(filled[there], x[there])


def test_what_is_missing_is_not_looked_at() -> None:
    x, known = ramp(), torch.ones(1, 1, 64, 64)
    known[..., 20:40, 10:30] = 0
    other = torch.where(known > 0, x, torch.full_like(x, 5.0))
    assert torch.equal(DiffusionFill()(x, known), DiffusionFill()(other, known))


def test_a_hole_in_a_slope_is_closed_by_a_slope() -> None:
    x, known = ramp(), torch.ones(1, 1, 64, 64)
    known[..., 20:40, 22:42] = 0
    error = (DiffusionFill(levels=5, sweeps=2)(x, known) - x).abs()
    assert error.max() < 0.15
    assert (DiffusionFill(levels=5, sweeps=30)(x, known) - x).abs().max() < 0.03  # sweeps come near the heat equation


def test_nothing_beyond_its_reach_counts() -> None:
    fill = DiffusionFill(levels=2, sweeps=1)
    side = 2 * fill.reach + 16
    x, known = torch.rand(1, 1, side, side), (torch.rand(1, 1, side, side) > 0.5).float()
    middle = side // 2
    known[..., middle, middle] = 0
    before = fill(x, known)[..., middle, middle]
    x[..., : middle - fill.reach, :] = 9
    assert torch.equal(before, fill(x, known)[..., middle, middle])


def test_a_picture_of_which_nothing_is_known_is_finite() -> None:
    assert DiffusionFill()(torch.rand(1, 3, 16, 16), torch.zeros(1, 1, 16, 16)).isfinite().all()
