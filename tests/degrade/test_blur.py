"""Kernels whose sum, centre and widths are known."""

from __future__ import annotations

import pytest
import torch

from mintage.contracts import TensorSpec
from mintage.degrade.blur import Blur
from mintage.errors import ConfigError, SpecError


def deviations(kernel):
    """Standard deviations along the principal axes, the larger first, from a kernel's second moments."""
    place = torch.arange(len(kernel)) - len(kernel) // 2
    mass = kernel.double()
    rows, columns = (mass * place[:, None] ** 2).sum(), (mass * place**2).sum()
    both = (mass * place[:, None] * place).sum()
    return torch.linalg.eigvalsh(torch.stack([torch.stack([rows, both]), torch.stack([both, columns])])).sqrt().flip(0)


@pytest.mark.parametrize("turn", [0.1, 0.35, 0.75])
@pytest.mark.parametrize("kind", ["gaussian", "motion", "disk"])
def test_sigma_is_the_standard_deviation_of_every_kind(kind, turn) -> None:
    (kernel,) = Blur(sigma=(1.0, 3.0), kinds=(kind,)).kernels(torch.tensor([[0.3, turn, 1.0, 0.5]]))
    across = {"gaussian": 2.0, "motion": 0.41, "disk": 3.0}[kind]  # a line is a pixel wide
    assert kernel.min() >= 0
    assert kernel.sum().item() == pytest.approx(1, abs=1e-6)
    torch.testing.assert_close(kernel, kernel.flip(0, 1), atol=1e-6, rtol=0)  # centred: nothing moves
    assert deviations(kernel).tolist() == pytest.approx([3.0, across], rel=0.05, abs=0.05)


def test_the_direction_is_drawn() -> None:
    kernels = Blur(sigma=(0.5, 3.0)).kernels(torch.tensor([[0.0, turn, 1.0, 0.0] for turn in (0.0, 0.5)]))
    torch.testing.assert_close(kernels[0], kernels[1].T, atol=1e-6, rtol=0)
    assert (kernels[0].sum(0) > 1e-4).sum() > 2 * (kernels[0].sum(1) > 1e-4).sum()  # wide and low


def test_every_kind_named_is_drawn_and_a_sample_has_one() -> None:
    kinds = ("gaussian", "motion", "disk")
    chance = torch.tensor([[kind, 0.1, 0.5, 0.5] for kind in (0.1, 0.5, 0.9)])
    mixed = Blur(kinds=kinds).kernels(chance)
    for k, kind in enumerate(kinds):
        torch.testing.assert_close(mixed[k], Blur(kinds=(kind,)).kernels(chance)[k])


def test_a_flat_picture_stays_flat_to_its_edges() -> None:
    x = torch.full((2, 3, 32, 40), 0.3)
    torch.testing.assert_close(Blur()(x, torch.rand(2, 4)), x)


def test_a_point_becomes_its_kernel() -> None:
    x, chance = torch.zeros(1, 1, 33, 33), torch.tensor([[0.0, 0.2, 1.0, 0.1]])
    x[..., 16, 16] = 1
    blur = Blur(sigma=(0.6, 2.0))
    torch.testing.assert_close(blur(x, chance)[0, 0, 10:23, 10:23], blur.kernels(chance)[0])


def test_pictures_smaller_than_the_kernel_and_no_kinds_are_refused() -> None:
    with pytest.raises(SpecError, match="must be longer"):
        Blur().spec(TensorSpec(shape=(3, 8, 64)))
    with pytest.raises(ConfigError, match=r"blur\.kinds"):
        Blur.read({"kinds": []}, "blur")
