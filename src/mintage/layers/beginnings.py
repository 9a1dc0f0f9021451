"""Where series from anywhere begin: at the ends of windows that were learned from, remembered as pasts."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mintage.layers.across import gathered
from mintage.layers.past import Past

__all__ = ["Beginnings"]

_SIZE = 512  # pasts that are remembered, the latest


class Beginnings(nn.Module):
    """The pasts that the latest windows of training ended with, in a ring.

    A walk that begins from nothing takes its own first moves for the usual ones, and forgets that there are calm years
    and crises. Begun where a window ended, it has them as often as they were. What is kept of a window is what a step
    may know of it: running means, the last moves, the level. It is a buffer: resumed runs remember the same.
    """

    kept: Tensor
    count: Tensor
    steps: Tensor

    def __init__(self, half_lives: tuple[float, ...], lags: int, variables: int) -> None:
        super().__init__()
        self.half_lives, self.lags = half_lives, lags
        self.register_buffer("kept", torch.zeros(_SIZE, 2 * len(half_lives) + lags + 1, variables))
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def remember(self, past: Past) -> None:
        """Take in what windows ended with, in place of what is oldest."""
        rows = gathered(torch.cat([past.trend, past.power, past.lags, past.level[:, None]], 1))[-_SIZE:]
        where = (self.count + torch.arange(len(rows), device=rows.device)) % _SIZE
        self.kept[where] = rows.to(self.kept.dtype)
        self.count += len(rows)
        self.steps.fill_(past.steps)

    def drawn(self, chance: Tensor) -> Past:
        """One of them for each normal number; before any is known, the past of nothing. Shape: (B,)."""
        known = min(int(self.count), _SIZE)
        if not known:
            nothing = chance.new_zeros(len(chance), self.kept.shape[2])
            return Past.begin(nothing, self.half_lives, self.lags)
        which = (torch.special.ndtr(chance) * known).long().clamp_max(known - 1)
        sizes = [len(self.half_lives), len(self.half_lives), self.lags, 1]
        trend, power, lags, level = self.kept[which].split(sizes, 1)  # type: ignore[no-untyped-call]
        return Past(self.half_lives, trend, power, lags, level[:, 0], int(self.steps))
