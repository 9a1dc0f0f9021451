"""Noise whose strength, colour and dependence on light are known."""

from __future__ import annotations

import pytest
import torch

from mintage.degrade.noise import Noise


def added(noise, level=0.0, *, rest=(0.5, 0.5, 0.5), shape=(3, 64, 64)):
    x = torch.full((1, *shape), level)
    return (noise(x, torch.tensor([[0.3, *rest]])) - x)[0] * 127.5


def test_its_deviation_is_the_drawn_one() -> None:
    assert added(Noise(sigma=(10, 30))).std().item() == pytest.approx(20, rel=0.03)
    assert added(Noise(sigma=(10, 30)), rest=(0.0, 0.5, 0.5)).std().item() == pytest.approx(10, rel=0.03)
    assert added(Noise(sigma=(10, 30))).mean().abs() < 1


def test_channels_differ_unless_it_is_grey() -> None:
    coloured, grey = added(Noise()), added(Noise(grey=1.0))
    assert torch.corrcoef(coloured.flatten(1))[0, 1].abs() < 0.05
    assert torch.equal(grey[0], grey[2])


def test_shot_noise_has_a_variance_in_proportion_to_the_light() -> None:
    noise = Noise(sigma=(10, 10), shot=1.0)
    dark, middle, bright = (added(noise, level).var().item() for level in (-0.8, 0.0, 0.5))
    assert middle == pytest.approx(100, rel=0.05)
    assert dark == pytest.approx(20, rel=0.05)
    assert bright == pytest.approx(150, rel=0.05)


def test_shares_are_of_samples() -> None:
    x, rows = torch.zeros(400, 3, 4, 4), torch.rand(400, 4, generator=torch.Generator().manual_seed(0))
    made = Noise(grey=0.3)(x, rows)
    grey = (made[:, 0] == made[:, 1]).flatten(1).all(1)
    assert grey.float().mean().item() == pytest.approx(0.3, abs=0.06)


def test_other_seeds_are_other_noises() -> None:
    rows = torch.rand(50, 4, generator=torch.Generator().manual_seed(0))
    made = Noise()(torch.zeros(50, 1, 16, 16), rows).flatten(1)
    off_diagonal = torch.corrcoef(made) - torch.eye(50)
    assert off_diagonal.abs().max() < 0.35  # 256 numbers: five standard errors
