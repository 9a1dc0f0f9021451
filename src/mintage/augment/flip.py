"""Mirrors samples left to right."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

__all__ = ["Flip"]


class Flip:
    """Mirrors every other sample left to right.

    Shape: (B, C, H, W), (B, 1) -> (B, C, H, W).
    """

    num_draws = 1
    harmless_when: ClassVar[str] = (
        "mirror images are as likely as the originals: most photographs; not text, not digits, not a heart's left side"
    )

    def __call__(self, x: Tensor, chance: Tensor) -> Tensor:
        return torch.where((chance[:, 0] < 0.5).view(-1, 1, 1, 1), x.flip(-1), x)
