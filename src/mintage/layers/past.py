"""What a step of a series can know of the steps before it: trends, volatilities, the last moves, the level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import torch
from torch import Tensor

__all__ = ["Past", "num_features"]

_LEAST = 1e-3  # of a mean square: a variable that stands still keeps a scale
_LOW, _HIGH = 8.0, 32.0  # spreads of a step: levels that are told apart best


def num_features(half_lives: int, lags: int) -> int:
    """How many features each variable has."""
    return 4 * half_lives + 2 * lags + 4


@dataclass
class Past:
    """Running means of moves and of their squares, each with several half-lives (Guyon and Lekeufack, 2023).

    Volatility is mostly a function of these two; the model learns which. Nothing here is learned, so training computes
    it once for whole windows, and sampling step by step: the same code.
    """

    half_lives: tuple[float, ...]
    trend: Tensor  # (B, K, V)
    power: Tensor  # (B, K, V)
    lags: Tensor  # (B, L, V), the last first
    level: Tensor  # (B, V)
    steps: int = 0

    @classmethod
    def begin(cls, start: Tensor, half_lives: Sequence[float], lags: int) -> Past:
        """Before the first step, at a level. Shape: (B, V)."""
        zeros = start[:, None].expand(-1, len(half_lives), -1) * 0
        return cls(tuple(half_lives), zeros, zeros + 1, start[:, None].expand(-1, lags, -1) * 0, start)

    def advance(self, x: Tensor) -> None:
        """Take a step in. Shape: (B, V)."""
        kept = x.new_tensor([0.5 ** (1 / half) for half in self.half_lives])
        gain = (1 - kept).clamp(min=1 / (self.steps + 3))[:, None]  # the first steps count more, as in a plain mean
        move = x[:, None]
        self.trend = self.trend + gain * (move - self.trend)
        self.power = self.power + gain * (move.square() - self.power)
        self.lags = torch.cat([move, self.lags[:, :-1]], 1)
        self.level = self.level + x
        self.steps += 1

    def repeated(self, rows: int) -> Past:
        """The past of one series for as many that go on from it."""
        trend, power, lags = (part.expand(rows, -1, -1) for part in (self.trend, self.power, self.lags))
        return Past(self.half_lives, trend, power, lags, self.level.expand(rows, -1), self.steps)

    @property
    def scale(self) -> Tensor:
        """The width of a step to be expected. Shape: (B, V)."""
        return (0.5 * self.power.clamp(min=_LEAST).log().mean(1)).exp()

    def features(self) -> Tensor:
        """Of each variable, its own and the mean of all. Shape: (B, V, F)."""
        power = self.power.clamp(min=_LEAST)
        trend, spread = self.trend / power.sqrt(), 0.5 * power.log()
        last = (self.lags / self.scale[:, None]).clamp(-8, 8).asinh()
        own = torch.cat([trend, spread, last], 1)
        every = own.mean(2, keepdim=True).expand_as(own)
        where = torch.stack([self.level.asinh(), (self.level / _LOW).tanh(), (self.level / _HIGH).tanh()], 1)
        warm = torch.full_like(where[:, :1], log(1 + self.steps) / 5)
        return torch.cat([own, every, where, warm], 1).transpose(1, 2)

    @classmethod
    def along(cls, x: Tensor, half_lives: Sequence[float], lags: int) -> tuple[Tensor, Tensor, Past]:
        """Features and scales before each step of windows whose first row is the start, and the past after the last.

        Shape: (B, T + 1, V) -> (B, T, V, F), (B, T, V).
        """
        past = cls.begin(x[:, 0], half_lives, lags)
        features, scales = [], []
        for step in x[:, 1:].unbind(1):
            features.append(past.features())
            scales.append(past.scale)
            past.advance(step)
        return torch.stack(features, 1), torch.stack(scales, 1), past
