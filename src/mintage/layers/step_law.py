"""The law of a series' next step: mixtures of normal laws, variable after variable, each told of those before it."""

from __future__ import annotations

from math import log, pi
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Mixture", "StepLaw", "students"]

_WIDEST, _NARROWEST = 3.0, -6.0  # logarithms of a component's width, in scales of the step
_FURTHEST = 40.0  # scales that a drawn step may move: a law with heavy tails must not leave the numbers
_ACROSS = 4  # weighted sums of the steps of other variables, and as many of their sizes


def students(chance: Tensor) -> Tensor:
    """Normal numbers as Student's t with four degrees of freedom, by its quantiles (Shaw, 2006). Shape: kept."""
    below = torch.special.ndtr(-chance.double().abs()).clamp(min=1e-30)  # far out float32 has no digits left
    root = (4 * below * (1 - below)).clamp(max=1.0).sqrt()
    size: Tensor = 2 * ((root.arccos() / 3).cos() / root - 1).clamp(min=0).sqrt()
    return chance.sign() * size.to(chance.dtype)


def students_below(x: Tensor) -> Tensor:
    """The share of Student's t with four degrees of freedom that lies below, in double precision. Shape: kept."""
    x = x.double()
    wide = 1 + 0.25 * x.square()
    share: Tensor = 0.5 + 0.375 * x / wide.sqrt() * (1 - x.square() / (12 * wide))
    return share


class Mixture(NamedTuple):
    """Normal components, and a last one of Student's t with four degrees of freedom, in scales of the step: extremes
    are too rare to teach a normal component how wide it must be. Shape: (..., K) each.
    """

    weights: Tensor  # logarithms, normed
    places: Tensor
    widths: Tensor  # logarithms

    def log_density(self, x: Tensor) -> Tensor:
        """Shape: (...) -> (...)."""
        z = (x[..., None] - self.places) * (-self.widths).exp()
        return torch.logsumexp(self._log_parts(z), -1)

    def _log_parts(self, z: Tensor) -> Tensor:
        """What each component adds to the density, in logarithms. Shape: (..., K) both."""
        normal = -0.5 * z[..., :-1].square() - 0.5 * log(2 * pi)
        last = log(3 / 8) - 2.5 * (0.25 * z[..., -1:].square()).log1p()
        return self.weights - self.widths + torch.cat([normal, last], -1)

    def at(self, chance: Tensor) -> Tensor:
        """The step that two normal numbers choose: the component, and where in it. Shape: (..., 2) -> (...)."""
        below = torch.special.ndtr(chance[..., :1])
        chosen = (self.weights.exp().cumsum(-1)[..., :-1] < below).sum(-1, keepdim=True)
        place, width = (part.gather(-1, chosen)[..., 0] for part in (self.places, self.widths))
        is_last = chosen[..., 0] == self.weights.shape[-1] - 1
        within = torch.where(is_last, students(chance[..., 1]), chance[..., 1])
        return (place + width.exp() * within).clamp(-_FURTHEST, _FURTHEST)

    def chance_of(self, x: Tensor, luck: Tensor) -> Tensor:
        """Two normal numbers by which `at` gives these steps; of all such pairs, which one is luck's.

        If the law holds, they are as normal and as independent as those that steps are drawn by.

        Shape: steps (...), uniform numbers (..., 2) -> (..., 2).
        """
        z = (x[..., None] - self.places) * (-self.widths).exp()
        likely = self._log_parts(z).softmax(-1)
        chosen = (likely.cumsum(-1)[..., :-1] < luck[..., :1]).sum(-1, keepdim=True)
        weights = self.weights.double().exp()
        below = weights.cumsum(-1).gather(-1, chosen)[..., 0] - luck[..., 1] * weights.gather(-1, chosen)[..., 0]
        within = z.gather(-1, chosen)[..., 0]
        is_last = chosen[..., 0] == self.weights.shape[-1] - 1
        as_normal = torch.special.ndtri(students_below(within).clamp(1e-12, 1 - 1e-12)).to(x.dtype)
        first = torch.special.ndtri(below.clamp(1e-7, 1 - 1e-7)).to(x.dtype)
        return torch.stack([first, torch.where(is_last, as_normal, within)], -1)


class StepLaw(nn.Module):
    """One network for all variables, each with a place of its own in it.

    The joint law is a product of conditional ones (Uria et al., 2016): variable v sees the past, and by two triangles
    of weights what variables 0 .. v - 1 did at the same step, how far they moved and which way. So variables may crash
    together and still have accidents of their own. Widths of several sizes give tails as heavy as Student's.
    """

    def __init__(self, variables: int, features: int, lags: int, width: int, components: int, dropout: float) -> None:
        super().__init__()
        self.variables, self.components, self.dropout = variables, components, dropout
        self.past = nn.Linear(features, width)
        self.own = nn.Parameter(0.1 * torch.randn(variables, width))
        self.now = nn.Linear(2 * _ACROSS, width, bias=False)
        self.body = nn.Linear(width, width)
        self.head = nn.Linear(width, 3 * components)
        self.bias = nn.Parameter(torch.zeros(variables, 3 * components))
        before = 1 / torch.arange(1, variables + 1).sqrt()[:, None, None]
        self.across = nn.Parameter(before * torch.randn(variables, variables, 2 * _ACROSS) / _ACROSS)
        self.beside = nn.Parameter(torch.ones(variables, variables) * 0.5 * before[..., 0].square())
        self.lags = nn.Parameter(torch.zeros(variables, lags))
        self.register_buffer("triangle", torch.ones(variables, variables).tril(-1), persistent=False)
        with torch.no_grad():
            self.head.weight.mul_(0.1)
            self.head.bias.zero_()
            self.head.bias[2 * components :] = torch.linspace(-1.0, 1.8, components)
            self.head.bias[-1] = 0.0  # of Student's t, which is wide by itself

    def heard(self, features: Tensor) -> Tensor:
        """What the past adds for each variable, which waits for no other. Shape: (..., V, F) -> (..., V, H)."""
        out: Tensor = self.past(features) + self.own
        return out

    def law(self, heard: Tensor, moved: Tensor, lags: Tensor, which: slice = slice(None)) -> Mixture:
        """Of some variables, given what all before them did; moves and lags are in scales.

        Shape: (..., V', H), (..., V), (..., L, V') -> (..., V', K).
        """
        near = moved.clamp(-8, 8)
        both = torch.cat([near, near.square().add(1e-2).log()], -1)
        triangle = self.triangle[which]  # type: ignore[index]
        weights = self.across[which] * triangle[..., None]
        signs, sizes = both.chunk(2, -1)
        told = torch.cat(
            [
                torch.einsum("...u,vur->...vr", signs, weights[..., :_ACROSS]),
                torch.einsum("...u,vur->...vr", sizes, weights[..., _ACROSS:]),
            ],
            -1,
        )
        h = F.silu(heard + self.now(told))
        h = F.dropout(h, self.dropout, self.training)
        out = self.head(h + F.silu(self.body(h))) + self.bias[which]
        mixed, apart, widths = out.float().unflatten(-1, (3, self.components)).unbind(-2)
        widths = widths.clamp(_NARROWEST, _WIDEST)
        middle = F.linear(near, self.beside[which] * triangle) + torch.einsum("...lv,vl->...v", lags, self.lags[which])
        return Mixture(mixed.log_softmax(-1), middle[..., None] + apart, widths)
