"""What chance does to all variables of a series at one step: shocks of their own, common ones, and heavy tails."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Chance", "Shocks", "heavy"]

_HEAVIEST = 0.4  # below 1/2 a step has a variance
_AT_FIRST = -1.5  # logit of the share of that which is begun with
_WIDEST = 3.0  # logarithm of how much wider than usual a step may be
_FURTHEST = 40.0  # usual widths that a step may move: a law with heavy tails must not leave the numbers


class Chance(NamedTuple):
    """Normal numbers of a step, mixed: of each variable (..., V), and common to all (..., K)."""

    own: Tensor
    common: Tensor


def heavy(u: Tensor, weight: Tensor) -> Tensor:
    """Normal numbers with tails that thin out as fast as a power, 1 / weight of it (Lambert W; Goerg, 2015)."""
    return u * (0.5 * weight * u.clamp(-8, 8).square()).exp()


class Shocks(nn.Module):
    """One network for all variables, each with a place of its own in it, whose shocks are mixed among them.

    Common chance also says how wide the step is for everyone, so that variables may crash together.

    Shape: noise (..., V + K), what the past says (..., V, H) -> moves (..., V), in usual widths.
    """

    def __init__(self, variables: int, width: int, common: int) -> None:
        super().__init__()
        self.variables = variables
        self.mix = nn.Parameter(torch.eye(variables))
        self.load = nn.Parameter(0.1 * torch.randn(variables, common))
        self.now = nn.Linear(common, width, bias=False)
        self.body = nn.Linear(width, width)
        self.head = nn.Linear(width, 3)
        self.bias = nn.Parameter(torch.tensor([0.0, 0.0, _AT_FIRST]).repeat(variables, 1))
        with torch.no_grad():
            self.head.weight.mul_(0.1)
            self.head.bias.zero_()

    def mixed(self, noise: Tensor) -> Chance:
        """Own chance as it hangs together, and the common one."""
        own, common = noise[..., : self.variables], noise[..., self.variables :]
        return Chance(F.linear(own, self.mix) + F.linear(common, self.load), common)

    def forward(self, chance: Chance, heard: Tensor) -> Tensor:
        h = F.silu(heard + self.now(chance.common).unsqueeze(-2))
        told: Tensor = self.head(h + F.silu(self.body(h))) + self.bias
        place, width, tail = told.float().unbind(-1)
        moved = heavy(chance.own, _HEAVIEST * tail.sigmoid())
        return (place + width.clamp(max=_WIDEST).exp() * moved).clamp(-_FURTHEST, _FURTHEST)
