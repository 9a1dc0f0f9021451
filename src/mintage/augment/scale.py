"""Makes samples a little larger or smaller about their centre."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from mintage.layers.warp import warp

__all__ = ["Scale"]


class Scale:
    """Zooms each sample by a factor between 1/`most` and `most` (even in the logarithm), mirrored at the edges.

    Shape: (B, C, H, W), (B, 1) -> (B, C, H, W).
    """

    num_draws = 1
    harmless_when: ClassVar[str] = "things come in many sizes or distances; not where size is a finding, as in X-rays"

    def __init__(self, most: float = 1.25) -> None:
        self.most = most

    def __call__(self, x: Tensor, chance: Tensor) -> Tensor:
        shrink = torch.exp((1 - 2 * chance[:, 0]) * math.log(self.most))  # a wider view makes things smaller
        zero = torch.zeros_like(shrink)
        rows = torch.stack([shrink, zero, zero]), torch.stack([zero, shrink, zero])
        return warp(x, torch.stack(rows).permute(2, 0, 1))
