"""Fills holes with the smooth surface that their edges span: where an inpainting network may start from."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["DiffusionFill"]


class DiffusionFill(nn.Module):
    """Known pixels are averaged to ever coarser maps, then spread into the holes and smoothed, from coarse to fine.

    The first step is the pull-push of Gortler et al. (1996), the second one Jacobi's sweeps of the heat equation, as
    a multigrid solver makes them. It has nothing to learn and uses operators that every runtime has.

    Shape: (B, C, H, W), known (B, 1, H, W) of 0 and 1 -> (B, C, H, W), known pixels as they were.
    """

    def __init__(self, levels: int = 3, sweeps: int = 3) -> None:
        super().__init__()
        self.levels, self.sweeps = levels, sweeps

    @property
    def reach(self) -> int:
        """How many pixels away a hole's pixel can still see."""
        return sum((self.sweeps + 2) << level for level in range(self.levels + 1))

    def forward(self, x: Tensor, known: Tensor) -> Tensor:
        maps = [(x * known, known)]
        for _ in range(self.levels):
            values, weight = (_halved(one) for one in maps[-1])
            maps.append((values, weight))
        filled = torch.zeros_like(maps[-1][0])
        for values, weight in reversed(maps):
            if filled.shape != values.shape:
                filled = F.interpolate(filled, values.shape[2:], mode="bilinear", align_corners=False)
            here = values / weight.clamp_min(1e-3)
            holds = (weight > 0).to(x.dtype)
            filled = holds * here + (1 - holds) * filled
            for _ in range(self.sweeps):
                filled = holds * here + (1 - holds) * _spread(filled)
        return filled


def _halved(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False)


def _spread(x: Tensor) -> Tensor:
    """The mean of the four neighbours of each pixel; edges are their own."""
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    return (padded[..., :-2, 1:-1] + padded[..., 2:, 1:-1] + padded[..., 1:-1, :-2] + padded[..., 1:-1, 2:]) / 4
