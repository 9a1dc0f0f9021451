"""The latest rows of training that a sampler draws from again, kept as a part of its state."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mintage.layers.across import gathered

__all__ = ["Ring", "chosen", "tossed"]

_EDGE = 1e-9  # of what is left of a number between zero and one


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

    @property
    def mean(self) -> Tensor:
        """Of all rows. Shape: shape."""
        return self.kept[: self._filled].mean(0)

    @property
    def _filled(self) -> int:
        return min(int(self.count), len(self.kept))

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
        which, left = chosen(chance, self._filled)
        return self.kept[which], left


def chosen(chance: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """One of so many for each normal number, all alike, and another normal number that is left. Shape: (...) each."""
    place = torch.special.ndtr(chance.double()) * count
    which = place.long().clamp_max(count - 1)
    return which, _normal(place - which, chance)


def tossed(chance: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """Yes, as often as `share` says, for each normal number, and another one that is left. Shape: (...) each."""
    place = torch.special.ndtr(chance.double())
    yes = place < share
    return yes, _normal(torch.where(yes, place / share, (place - share) / max(1 - share, _EDGE)), chance)


def _normal(below: Tensor, like: Tensor) -> Tensor:
    left: Tensor = torch.special.ndtri(below.clamp(_EDGE, 1 - _EDGE))
    return left.to(like.dtype)
