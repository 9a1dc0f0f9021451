"""Turns samples by a small angle."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from mintage.layers.warp import warp

__all__ = ["Rotate"]


class Rotate:
    """Turns each sample by up to `degrees` either way, bilinear, mirrored at the edges; square pixels are assumed.

    Shape: (B, C, H, W), (B, 1) -> (B, C, H, W).
    """

    num_draws = 1
    harmless_when: ClassVar[str] = "a slightly tilted sample is still a true one: most photographs; not plans"

    def __init__(self, degrees: float = 10.0) -> None:
        self.degrees = degrees

    def __call__(self, x: Tensor, chance: Tensor) -> Tensor:
        angle = (2 * chance[:, 0] - 1) * math.radians(self.degrees)
        cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
        stretch = x.shape[-2] / x.shape[-1]  # coordinates run from -1 to 1 on both axes, whatever their lengths
        rows = torch.stack([cos, -sin * stretch, zero]), torch.stack([sin / stretch, cos, zero])  # each (3, B)
        return warp(x, torch.stack(rows).permute(2, 0, 1))
