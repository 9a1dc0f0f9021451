"""Shifts samples by whole pixels."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

__all__ = ["Translate"]


class Translate:
    """Shifts each sample by up to `share` of its side each way and fills with zeros (DiffAugment, Zhao et al., 2020).

    Shape: (B, C, H, W), (B, 2) -> (B, C, H, W).
    """

    num_draws = 2
    harmless_when: ClassVar[str] = (
        "only the discriminator looks through it, or a sample that is off its place is still a true one"
    )

    def __init__(self, share: float = 0.125) -> None:
        self.share = share

    def __call__(self, x: Tensor, chance: Tensor) -> Tensor:
        for axis in (-2, -1):
            x = self._shifted(x, chance[:, axis], axis)
        return x

    def _shifted(self, x: Tensor, chance: Tensor, axis: int) -> Tensor:
        length = x.shape[axis]
        most = int(length * self.share + 0.5)
        shift = (chance * (2 * most + 1)).floor().long() - most  # (B,) of -most..most
        place = torch.arange(length, device=x.device) - shift[:, None]  # (B, length): where each pixel comes from
        shape = (-1, 1, length, 1) if axis == -2 else (-1, 1, 1, length)
        inside = ((place >= 0) & (place < length)).view(shape)
        moved = x.gather(axis, place.clamp(0, length - 1).view(shape).expand_as(x))
        return moved * inside
