"""Which modes of a distribution that is known to have them occur among samples, and how often."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mintage.statistics.gaussians import Estimate

__all__ = ["PointModes", "grid", "hits", "point_modes", "reverse_kl", "ring"]


class PointModes(NamedTuple):
    """How samples lie around known centres."""

    hit: int  # modes with a good sample
    good: float  # share of samples within three standard deviations of a centre
    counts: Tensor  # (K,) int64: good samples of each mode


def hits(counts: Tensor, least: float | Tensor = 1) -> int:
    """How many modes occur at least so often. Shape: (K,), and () or (K,).

    >>> hits(torch.tensor([2, 0, 0, 1, 0]))
    2
    """
    return int((counts >= least).sum())


def reverse_kl(made: Tensor, real: Tensor) -> Estimate:
    """KL(made || real) of mode counts in nats (Metz et al., 2017, for 1000 modes), and its variance.

    Biased upwards by about K / 2N, as the field reports it. Modes that never occur among the real ones are counted
    there as half a one.

    Shape: (K,), (K,).

    >>> round(reverse_kl(torch.tensor([10, 0]), torch.tensor([50, 50])).value, 4)  # one of two modes: log 2
    0.6931
    """
    n, m = float(made.sum()), float(real.sum())
    p, q = made.double() / n, torch.where(real > 0, real.double(), 0.5) / max(m, 1.0)
    logs = torch.where(p > 0, p / q, 1.0).log()
    value = float(p @ logs)
    ratio = p / q
    of_made = float(p @ logs.square()) - value**2
    of_real = float(q @ ratio.square()) - float(q @ ratio) ** 2
    second = (len(made) - 1) / 2 * (1 / n + 1 / m) ** 2  # all that remains where both are alike
    return Estimate(value, max(of_made, 0.0) / n + max(of_real, 0.0) / m + second)


def ring(count: int = 8, radius: float = 2.0) -> Tensor:
    """Centres on a circle. Shape: (count, 2)."""
    angles = 2 * torch.pi * torch.arange(count) / count
    return radius * torch.stack([angles.cos(), angles.sin()], 1)


def grid(side: int = 5, gap: float = 2.0) -> Tensor:
    """Centres on a square around the origin. Shape: (side * side, 2)."""
    line = gap * (torch.arange(side) - (side - 1) / 2)
    return torch.cartesian_prod(line, line)


def point_modes(points: Tensor, centres: Tensor, std: float, *, least: int = 1) -> PointModes:
    """Modes hit and share of good samples (Srivastava et al., 2017): within three standard deviations of a centre.

    Shape: (N, D), (K, D).

    >>> point_modes(ring()[[0, 0, 5]] + 0.01, ring(), 0.02)[:2]
    (2, 1.0)
    """
    distances, nearest = torch.cdist(points, centres).min(1)
    good = distances <= 3 * std
    counts = nearest[good].bincount(minlength=len(centres))
    return PointModes(int((counts >= least).sum()), float(good.double().mean()), counts)
