"""Blanks a square of samples."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

__all__ = ["Cutout"]


class Cutout:
    """Sets a box of `share` of each side to zero, its centre anywhere (DiffAugment, Zhao et al., 2020).

    Shape: (B, C, H, W), (B, 2) -> (B, C, H, W).
    """

    num_draws = 2
    harmless_when: ClassVar[str] = "only the discriminator looks through it; as a change of the data it is never true"

    def __init__(self, share: float = 0.5) -> None:
        self.share = share

    def __call__(self, x: Tensor, chance: Tensor) -> Tensor:
        covered_rows = self._covered(x.shape[-2], chance[:, 0])[:, None, :, None]
        covered_columns = self._covered(x.shape[-1], chance[:, 1])[:, None, None, :]
        return x * ~(covered_rows & covered_columns)

    def _covered(self, length: int, chance: Tensor) -> Tensor:
        size = int(length * self.share + 0.5)
        first = (chance * (length + 1 - size % 2)).floor().long() - size // 2  # the centre lies anywhere in the image
        place = torch.arange(length, device=chance.device)
        return (place >= first[:, None]) & (place < first[:, None] + size)  # (B, length)
