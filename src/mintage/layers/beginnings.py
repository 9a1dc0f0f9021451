"""Where series from anywhere begin: at the ends of windows that were learned from, remembered as pasts."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mintage.layers.past import Past
from mintage.layers.ring import Ring

__all__ = ["Beginnings"]

_SIZE = 512  # pasts that are remembered


class Beginnings(nn.Module):
    """The pasts that the latest windows of training ended with.

    A walk that begins from nothing takes its own first moves for the usual ones, and forgets that there are calm years
    and crises. Begun where a window ended, it has them as often as they were. What is kept of a window is what a step
    may know of it: running means, the last moves, the level; and what is known of the steps after it.
    """

    steps: Tensor

    def __init__(self, half_lives: tuple[float, ...], lags: int, variables: int, ahead: tuple[int, int]) -> None:
        super().__init__()
        self.half_lives, self.lags, self.variables = half_lives, lags, variables
        self.ring = Ring(_SIZE, 2 * len(half_lives) + lags + 1, variables)
        self.ahead = Ring(_SIZE, *ahead)  # as many rows, of the same windows
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def remember(self, past: Past, ahead: Tensor) -> None:
        """Take in what windows ended with, and what was known of as many steps after them. Shape: (B, T, K)."""
        self.ring.remember(torch.cat([past.trend, past.power, past.lags, past.level[:, None]], 1))
        self.ahead.remember(ahead)
        self.steps.fill_(past.steps)

    def drawn(self, chance: Tensor) -> tuple[Past, Tensor]:
        """One of them for each normal number, and what was known of the steps after it; at first the past of nothing.

        Shape: (B,) -> pasts, (B, T, K).
        """
        if self.ring.is_empty:
            nothing = chance.new_zeros(len(chance), self.variables)
            ahead = chance.new_zeros(len(chance), *self.ahead.kept.shape[1:])
            return Past.begin(nothing, self.half_lives, self.lags), ahead
        sizes = [len(self.half_lives), len(self.half_lives), self.lags, 1]
        trend, power, lags, level = self.ring.drawn(chance)[0].split(sizes, 1)  # type: ignore[no-untyped-call]
        past = Past(self.half_lives, trend, power, lags, level[:, 0], int(self.steps))
        return past, self.ahead.drawn(chance)[0]
