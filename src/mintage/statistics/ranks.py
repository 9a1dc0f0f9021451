"""How often a value of one sample is the larger one: the area under the curve, and the rank-sum test."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mintage.statistics.gaussians import Estimate

__all__ = ["area_under_curve", "rank_sum"]


def area_under_curve(higher: Tensor, lower: Tensor) -> Estimate:
    """How often a value of the first sample is above one of the second, with its variance (DeLong et al., 1988).

    Ties count half.

    Shape: (N,), (M,), two or more each.

    >>> area_under_curve(torch.tensor([2.0, 3.0, 4.0]), torch.tensor([1.0, 2.0])).value
    0.9166666666666666
    """
    above, below = _stands(higher, lower), 1 - _stands(lower, higher)  # how often a value is the larger one
    return Estimate(float(above.mean()), float(above.var()) / len(higher) + float(below.var()) / len(lower))


def rank_sum(sample: Tensor, other: Tensor) -> Estimate:
    """z of the rank-sum test (Mann and Whitney, 1947): far below 0 where `sample` is the smaller one.

    Under equality its variance is 1; what is returned is the variance that holds also when they differ, from how
    every value stands among the other sample (DeLong et al., 1988). Ties count half.

    Shape: (N,), (M,), two or more each.

    >>> low, high = torch.arange(0.0, 20.0), torch.arange(5.0, 25.0)
    >>> round(rank_sum(low, high).value, 2), rank_sum(high, low).value > 0
    (-2.37, True)
    """
    n, m = len(sample), len(other)
    area, variance = area_under_curve(sample, other)
    scale = math.sqrt((n + m + 1) / (12 * n * m))
    return Estimate((area - 0.5) / scale, variance / scale**2)


def _stands(values: Tensor, among: Tensor) -> Tensor:
    """The share of `among` that is smaller than each value, ties half. Shape: (N,) float64."""
    ordered = among.sort().values
    low = torch.searchsorted(ordered, values.contiguous())
    high = torch.searchsorted(ordered, values.contiguous(), right=True)
    return (low + high).double() / (2 * len(among))
