"""Adds a camera's noise to pictures: what denoising has to undo."""

from __future__ import annotations

from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from mintage.config import Settings
from mintage.contracts import TensorSpec

__all__ = ["Noise"]

_Sigma = Annotated[float, Field(ge=0, le=255)]
_Share = Annotated[float, Field(ge=0, le=1)]
_SEEDS = 2**24  # as many as a float32 between 0 and 1 can tell apart


class Noise(Settings):
    """Adds normal noise of a strength of its own to each sample, and clips what leaves [-1, 1].

    The numbers come from a generator on the CPU that a sample's first draw seeds. So there are 2^24 different noises,
    the same on every device, and equal to the bit between processors only as far as torch's normal numbers are.

    Shape: (B, C, H, W), (B, 4) -> (B, C, H, W).
    """

    sigma: tuple[_Sigma, _Sigma] = (5.0, 35.0)
    """Standard deviation in levels of 0 to 255, drawn evenly between the two."""
    grey: _Share = 0.0
    """Share of the samples whose noise is the same in all channels, as film has it."""
    shot: _Share = 0.0
    """Share of the samples whose noise grows with the light, as that of few photons does: its variance is in proportion
    to the level, and sigma holds at mid-grey. A normal number stands for the Poisson one, rough below ten photons."""

    num_draws: ClassVar[int] = 4  # seed, sigma, is it grey, is it shot noise

    def spec(self, x: TensorSpec) -> TensorSpec:
        """The same."""
        return x

    def __call__(self, x: Tensor, chance: Tensor) -> Tensor:
        noise = _normal(chance[:, 0], x.shape).to(x)
        share, is_grey, is_shot = chance[:, 1:].to(x).view(-1, 3, 1, 1, 1).unbind(1)
        low, high = self.sigma
        sigma = (low + (high - low) * share) / 127.5
        if self.grey:
            noise = torch.where(is_grey < self.grey, noise[:, :1], noise)
        if self.shot:
            sigma = torch.where(is_shot < self.shot, sigma * (1 + x).clamp(min=0).sqrt(), sigma)
        return (x + sigma * noise).clamp(-1, 1)


def _normal(seeds: Tensor, shape: torch.Size) -> Tensor:
    """Normal numbers on the CPU, each sample's from its own seed in [0, 1). Shape: (B,) -> (B, C, H, W)."""
    noise = torch.empty(shape)
    for sample, seed in zip(noise, (seeds.double() * _SEEDS).long().tolist(), strict=True):
        sample.normal_(generator=torch.Generator().manual_seed(seed))
    return noise
