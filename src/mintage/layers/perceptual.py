"""Perceptual distance: how different two pictures look to a network that has learned to see."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["PerceptualDistance"]

_LEAST = 1e-8  # added to squared lengths: keeps the slope finite where a network sees nothing
_BLOCK = 64 * 64 * 64  # pixels at a time where nothing is learned


class PerceptualDistance(nn.Module):
    """The distance of features at several depths of a frozen network (Zhang et al., 2018), from 0 to 4.

    Features are given unit length at every place, and their squared differences averaged over places and depths. The
    learned weights of that paper's LPIPS are no part of it: it never goes by that name, and values compare only under
    the same `identity`. As a loss, slopes reach both pictures and never the network, which stays at rest even in a
    model that trains. Pictures are seen at their own size; those too small for its depths are enlarged.

    Args:
        stages: consecutive parts of the network, each of which ends at a depth that counts.
        identity: name and hash of the weights.
        mean: the level, in 0..255, that the network was taught to see as 0.
        std: the levels that it was taught to see as 1.
        channels: of its pictures; grey ones become so many equal channels.
        least: pixels a side that its deepest stage needs.
        is_general: whether it learned from so much that its deep features know a shape in any colours.

    Shape: (B, C, H, W) in [-1, 1], twice -> (B,).
    """

    def __init__(
        self,
        stages: Iterable[nn.Module],
        *,
        identity: str,
        mean: float,
        std: float,
        channels: int = 3,
        least: int = 1,
        is_general: bool = True,
    ) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.identity, self.mean, self.std, self.channels, self.least = identity, mean, std, channels, least
        self.is_general = is_general
        self.eval().requires_grad_(False)

    def train(self, mode: bool = True) -> Self:
        """Stay at rest."""
        return super().train(False)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        depths = zip(self.features(a), self.features(b), strict=True)
        return torch.stack([(x - y).square().sum(1).mean((1, 2)) for x, y in depths]).mean(0)

    def features(self, x: Tensor) -> list[Tensor]:
        """Of unit length at every place, from shallow to deep. Shape: (B, C, H, W) in [-1, 1] -> (B, F, h, w) each.

        Raises:
            ValueError: the network has no eyes for this number of channels.
        """
        if x.shape[1] not in (1, self.channels):
            raise ValueError(f"{self.identity} sees pictures of {self.channels} channels or of 1, not {x.shape[1]}.")
        if (times := math.ceil(self.least / min(x.shape[2:]))) > 1:
            x = F.interpolate(x, scale_factor=times, mode="bilinear")
        x = x.float() * (127.5 / self.std) + (127.5 - self.mean) / self.std
        x = x.expand(-1, self.channels, -1, -1).contiguous(memory_format=torch.channels_last)
        depths = []
        for stage in self.stages:
            x = stage(x)
            depths.append(x * (x.square().sum(1, keepdim=True) + _LEAST).rsqrt())
        return depths

    @torch.no_grad()
    def of_pictures(self, a: Tensor, b: Tensor) -> Tensor:
        """The distance of pictures as they are stored, block by block. Shape: (N, H, W, C) uint8, twice -> (N,)."""
        return torch.cat([self(x, y) for x, y in zip(_blocks(a), _blocks(b), strict=True)])

    @torch.no_grad()
    def layout(self, x: Tensor, depths: int, cells: int) -> list[Tensor]:
        """What stands where: the deepest features, averaged to at most `cells` places a side, block by block.

        Shape: (N, H, W, C) uint8 -> `depths` of (N, F).
        """
        blocks = [[_places(each, cells) for each in self.features(block)[-depths:]] for block in _blocks(x)]
        return [torch.cat(parts) for parts in zip(*blocks, strict=True)]


def _places(x: Tensor, cells: int) -> Tensor:
    height, width = (min(side, cells) for side in x.shape[2:])
    return F.adaptive_avg_pool2d(x, (height, width)).flatten(1)


def _blocks(x: Tensor) -> Iterable[Tensor]:
    rows = max(1, _BLOCK // (x.shape[1] * x.shape[2]))
    for at in range(0, len(x), rows):
        yield x[at : at + rows].permute(0, 3, 1, 2) / 127.5 - 1
