"""The latest rows of training that a sampler draws from again, kept as a part of its state."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mintage.layers.across import gathered

__all__ = ["Ring"]


class Ring(nn.Module):
    """Rows in a ring: new ones take the place of the oldest; drawn are all alike. A resumed run remembers the same."""

    kept: Tensor
    count: Tensor

    def __init__(self, size: int, *shape: int) -> None:
        super().__init__()
        self.register_buffer("kept", torch.zeros(size, *shape))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    @property
    def is_empty(self) -> bool:
        """Whether nothing was remembered yet."""
        return not int(self.count)

    @torch.no_grad()
    def remember(self, rows: Tensor) -> None:
        """Take rows in, those of all processes. Shape: (N, *shape)."""
        size = len(self.kept)
        rows = gathered(rows)[-size:]
        where = (self.count + torch.arange(len(rows), device=rows.device)) % size
        self.kept[where] = rows.to(self.kept.dtype)
        self.count += len(rows)

    def drawn(self, chance: Tensor) -> tuple[Tensor, Tensor]:
        """One of them for each normal number, of a ring that is not empty, and another normal number that is left.

        Shape: (...) -> (..., *shape), (...).
        """
        known = min(int(self.count), len(self.kept))
        place = torch.special.ndtr(chance.double()) * known
        which = place.long().clamp_max(known - 1)
        left = torch.special.ndtri((place - which).clamp(1e-9, 1 - 1e-9))
        return self.kept[which], left.to(chance.dtype)
