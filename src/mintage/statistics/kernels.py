"""The kernel distance of two sets of points, unbiased, with the variance of its U-statistic."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mintage.statistics.gaussians import Estimate

__all__ = ["kernel_distance"]

_BLOCK = 1024


class _Kernel(NamedTuple):
    """What is kept of an (N, M) matrix of kernels: the means of its rows and of its columns."""

    rows: Tensor  # (N,)
    columns: Tensor  # (M,)


def kernel_distance(a: Tensor, b: Tensor, *, degree: int = 3) -> Estimate:
    r"""Squared maximum mean discrepancy under $(x \cdot y / F + 1)^{degree}$ (Binkowski et al., 2018).

    Unbiased over all pairs, so it may be slightly negative, and it needs no subsets. The variance is that of the
    points' pulls on the U-statistic (Hoeffding, 1948; Sen, 1960); where both sets are alike it comes out too large,
    never too small.

    Shape: (N, F), (M, F).
    """
    own, other, across = _among(a, degree), _among(b, degree), _between(a, b, degree)
    value = own.rows.mean() + other.rows.mean() - 2 * across.rows.mean()
    pulls = (own.rows - across.rows).var() / len(a) + (other.rows - across.columns).var() / len(b)
    return Estimate(float(value), 4 * float(pulls))


def _between(a: Tensor, b: Tensor, degree: int) -> _Kernel:
    rows, columns = [], torch.zeros(len(b), dtype=torch.float64)
    for block in torch.split(a, _BLOCK):
        kernel = _kernel(block, b, degree)
        rows.append(kernel.mean(1))
        columns += kernel.sum(0)
    return _Kernel(torch.cat(rows), columns / len(a))


def _among(x: Tensor, degree: int) -> _Kernel:
    """The same within one set, each point's kernel with itself left out; each pair is computed once."""
    sums = torch.zeros(len(x), dtype=torch.float64)
    for first in range(0, len(x), _BLOCK):
        last = min(first + _BLOCK, len(x))
        kernel = _kernel(x[first:last], x[first:], degree)
        kernel.diagonal().zero_()
        sums[first:last] += kernel.sum(1)
        sums[last:] += kernel[:, last - first :].sum(0)
    means = sums / (len(x) - 1)
    return _Kernel(means, means)


def _kernel(a: Tensor, b: Tensor, degree: int) -> Tensor:
    product = (a.double() @ b.double().T).div_(a.shape[1]).add_(1)
    kernel = product.clone()
    for _ in range(degree - 1):
        kernel *= product
    return kernel
