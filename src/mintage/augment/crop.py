"""Shows a random part of samples at full size."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from mintage.layers.warp import warp

__all__ = ["Crop"]


class Crop:
    """Cuts out a window of at least `least` of the area, anywhere, and resizes it to the whole, bilinear.

    Shape: (B, C, H, W), (B, 3) -> (B, C, H, W).
    """

    num_draws = 3
    harmless_when: ClassVar[str] = "a part is as true a sample as the whole: textures, landscapes; not centred things"

    def __init__(self, least: float = 0.7) -> None:
        self.least = least

    def __call__(self, x: Tensor, chance: Tensor) -> Tensor:
        side = (1 - (1 - self.least) * chance[:, 0]).sqrt()  # of the window, as a share of the image's
        free, zero = 1 - side, torch.zeros_like(side)
        across, down = (2 * chance[:, 1] - 1) * free, (2 * chance[:, 2] - 1) * free
        rows = torch.stack([side, zero, across]), torch.stack([zero, side, down])
        return warp(x, torch.stack(rows).permute(2, 0, 1))
