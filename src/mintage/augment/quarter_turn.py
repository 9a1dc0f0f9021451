"""Turns samples by a multiple of ninety degrees."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

__all__ = ["QuarterTurn"]


class QuarterTurn:
    """Turns each sample by 0, 90, 180 or 270 degrees, all as likely; without resampling.

    Shape: (B, C, S, S), (B, 1) -> (B, C, S, S).

    Raises:
        ValueError: images that are not square.
    """

    num_draws = 1
    harmless_when: ClassVar[str] = "there is no up and down: cells, satellite pictures, textures; not faces, not text"

    def __call__(self, x: Tensor, chance: Tensor) -> Tensor:
        if x.shape[-1] != x.shape[-2]:
            raise ValueError(f"quarter turns need square images, but these are {tuple(x.shape[-2:])}")
        turns = (chance[:, 0] * 4).long().view(-1, 1, 1, 1)
        turned = torch.where(turns % 2 == 1, x.rot90(1, (-2, -1)), x)
        return torch.where(turns >= 2, turned.flip((-2, -1)), turned)
