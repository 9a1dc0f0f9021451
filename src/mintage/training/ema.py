"""The averaged sampler: what outlives training is an exponential moving average of what was trained."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

__all__ = ["Averager"]


class Averager:
    """Exponential moving average of a sampler's weights, its half-life counted in images (Karras et al., 2020).

    The half-life ramps up: it is never more than `ramp` of the images seen so far, so that the average
    forgets the beginning. Buffers (running moments) are copied, not averaged.
    """

    def __init__(self, sampler: nn.Module, half_life: float, ramp: float) -> None:
        self.source, self.half_life, self.ramp = sampler, half_life, ramp
        self.sampler = copy.deepcopy(sampler).eval().requires_grad_(False)
        self._pairs = list(zip(self.sampler.parameters(), sampler.parameters(), strict=True))
        self._buffers = list(zip(self.sampler.buffers(), sampler.buffers(), strict=True))

    @torch.no_grad()
    def update(self, images: int, images_seen: int) -> None:
        """Move the average after a step of `images`, with `images_seen` before it."""
        half_life = min(self.half_life, self.ramp * images_seen)
        weight = 1.0 if half_life <= 0 else 1 - 0.5 ** (images / half_life)
        averages: list[Tensor] = [average for average, _ in self._pairs]
        torch._foreach_lerp_(averages, [source for _, source in self._pairs], weight)
        for copied, source in self._buffers:
            copied.copy_(source)
