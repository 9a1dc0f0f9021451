"""The Fréchet distance of two Gaussians fitted to points: its value, its variance, and its limit for many points."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["Estimate", "Gaussian", "fit", "frechet", "frechet_distance", "frechet_limit"]

_BLOCK = 1024
_MOST_PARTS = 5  # one whole, two halves, ... five fifths: fifteen distances
_POINTS_PER_FEATURE = 2  # below this a covariance is so rough that the distance no longer falls as 1 / N


class Estimate(NamedTuple):
    """A value and the variance of its estimate."""

    value: float
    variance: float


@dataclass(frozen=True, eq=False)
class Gaussian:
    """Mean and unbiased covariance of `count` points, in float64."""

    mean: Tensor  # (F,)
    covariance: Tensor  # (F, F)
    count: int

    @cached_property
    def root(self) -> Tensor:
        """The symmetric square root of the covariance. Shape: (F, F)."""
        return _power(self.covariance, 0.5)


def fit(points: Tensor) -> Gaussian:
    """The Gaussian of at least two points, whose sums never hold more than a block. Shape: (N, F)."""
    count, features = points.shape
    if count < 2:
        raise ValueError(f"{count} points have no covariance; two or more are needed.")
    near = points[:_BLOCK].mean(0).double()  # near enough to the mean that nothing cancels
    total, scatter = torch.zeros(features, dtype=torch.float64), torch.zeros(features, features, dtype=torch.float64)
    for block in torch.split(points, _BLOCK):
        centred = block.double().sub_(near)
        total += centred.sum(0)
        scatter.addmm_(centred.T, centred)
    shift = total / count
    return Gaussian(near + shift, (scatter - count * torch.outer(shift, shift)) / (count - 1), count)


def frechet_distance(a: Gaussian, b: Gaussian) -> float:
    r"""Fréchet distance of two Gaussians (Dowson and Landau, 1982; Heusel et al., 2017, for features of images).

    $|\mu_a - \mu_b|^2 + \mathrm{tr}(\Sigma_a + \Sigma_b - 2 (\Sigma_a \Sigma_b)^{1/2})$, the trace of the root by the
    eigenvalues of a symmetric matrix, so that singular covariances need no epsilon.

    >>> unit, wide = torch.eye(2).double(), 4 * torch.eye(2).double()
    >>> frechet_distance(Gaussian(torch.zeros(2), unit, 9), Gaussian(torch.ones(2), wide, 9))
    4.0
    """
    gap = a.mean - b.mean
    factor, singular = torch.linalg.cholesky_ex(a.covariance)  # any factor of it gives the same eigenvalues
    if singular:
        factor = a.root
    values = torch.linalg.eigvalsh(factor.T @ b.covariance @ factor)
    shared = values.clamp_min(0).sqrt().sum()
    distance = gap @ gap + a.covariance.trace() + b.covariance.trace() - 2 * shared
    return max(float(distance), 0.0)  # of equal Gaussians it is zero up to rounding


def frechet(a: Tensor, b: Tensor) -> Estimate:
    """The distance of two sets of points, and its variance over other sets of the same sizes.

    The value keeps its bias of order 1 / N, as the field reports it. The variance is that of the influence function,
    every point's pull on the distance; where both sets are alike it comes out too large, never too small.

    Shape: (N, F), (M, F).
    """
    one, other = fit(a), fit(b)
    value = frechet_distance(one, other)
    there, back = _transport(one, other)
    gap = one.mean - other.mean
    variance = _pull(a, one, gap, there) / one.count + _pull(b, other, -gap, back) / other.count
    return Estimate(value, variance)


def frechet_limit(a: Tensor, b: Tensor, whole: Estimate | None = None) -> Estimate | None:
    """The distance that infinitely many points would have: linear extrapolation in 1 / N (Chong and Forsyth, 2020).

    Instead of overlapping draws, the points are cut into 1, 2, ... 5 disjoint parts, so that every level uses all of
    them once. `whole` is what `frechet` gave for the same points, if that is known. None where the parts would be too
    few for the features.

    Shape: (N, F), (M, F).
    """
    most = min(len(a), len(b)) // (_POINTS_PER_FEATURE * a.shape[1])
    if most < 2:
        return None
    whole = whole or frechet(a, b)
    levels = range(1, min(most, _MOST_PARTS) + 1)
    distances = [whole.value, *(_mean_of_parts(a, b, parts) for parts in levels[1:])]
    means = torch.tensor(distances, dtype=torch.float64)
    parts = torch.tensor([float(level) for level in levels], dtype=torch.float64)
    slope = ((parts - parts.mean()) @ means) / (parts - parts.mean()).square().sum()
    value = float(means.mean() - slope * parts.mean())
    return Estimate(value, whole.variance)


def _mean_of_parts(a: Tensor, b: Tensor, parts: int) -> float:
    pairs = zip(a.tensor_split(parts), b.tensor_split(parts), strict=True)
    return sum(frechet_distance(fit(one), fit(other)) for one, other in pairs) / parts


def _transport(a: Gaussian, b: Gaussian) -> tuple[Tensor, Tensor]:
    """The linear maps that carry a's Gaussian to b's, and back, at the least cost. Shape: (F, F) each."""
    middle = a.root @ b.covariance @ a.root
    inverse = _power(a.covariance, -0.5)
    return inverse @ _power(middle, 0.5) @ inverse, a.root @ _power(middle, -0.5) @ a.root


def _pull(points: Tensor, of: Gaussian, gap: Tensor, transport: Tensor) -> float:
    """The variance of the influence of a single point on the distance."""
    bend = torch.eye(len(gap), dtype=torch.float64) - transport
    pulls = []
    for block in torch.split(points, _BLOCK):
        centred = block.double() - of.mean
        pulls.append(2 * centred @ gap + ((centred @ bend) * centred).sum(1))
    return float(torch.cat(pulls).var())


def _power(matrix: Tensor, exponent: float) -> Tensor:
    """A power of a symmetric matrix; directions without extent stay without."""
    values, vectors = torch.linalg.eigh(matrix)
    least = values[-1].clamp_min(0) * len(values) * torch.finfo(values.dtype).eps
    powers = torch.where(values > least, values.clamp_min(least), math.inf if exponent < 0 else 0.0) ** exponent
    power: Tensor = (vectors * powers) @ vectors.T
    return power
