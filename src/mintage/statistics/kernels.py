"""The kernel distance of two sets of points, unbiased, with the variance of its U-statistic."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mintage.statistics.gaussians import Estimate

__all__ = ["kernel_distance"]

_BLOCK_BYTES = 16 << 20  # what passes between products stays near the processor, and memory flat


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
    a, b = a.double(), b.double()
    own, other, across = _among(a, degree), _among(b, degree), _between(a, b, degree)
    value = own.rows.mean() + other.rows.mean() - 2 * across.rows.mean()
    pulls = (own.rows - across.rows).var() / len(a) + (other.rows - across.columns).var() / len(b)
    return Estimate(float(value), 4 * float(pulls))


class _Room:
    """Memory for blocks of kernels, used again and again: freed at every block, it tears the heap to pieces."""

    def __init__(self, points: Tensor, degree: int) -> None:
        self.rows, self.degree = max(16, _BLOCK_BYTES // (8 * len(points))), degree
        self.room = torch.empty(2, self.rows * len(points), dtype=torch.float64)

    def kernel(self, a: Tensor, b: Tensor) -> Tensor:
        """Shape: (N, F), (M, F) -> (N, M), good until the next one."""
        product: Tensor
        kernel: Tensor
        product, kernel = (part[: len(a) * len(b)].view(len(a), len(b)) for part in self.room)
        torch.mm(a, b.T, out=product).div_(a.shape[1]).add_(1)
        kernel.copy_(product)
        for _ in range(self.degree - 1):
            kernel *= product
        return kernel


def _between(a: Tensor, b: Tensor, degree: int) -> _Kernel:
    room, rows = _Room(b, degree), torch.empty(len(a), dtype=torch.float64)
    columns = torch.zeros(len(b), dtype=torch.float64)
    for first in range(0, len(a), room.rows):
        here = slice(first, first + room.rows)
        kernel = room.kernel(a[here], b)
        rows[here] = kernel.mean(1)
        columns += kernel.sum(0)
    return _Kernel(rows, columns / len(a))


def _among(x: Tensor, degree: int) -> _Kernel:
    """The same within one set, each point's kernel with itself left out; each pair is computed once."""
    room, sums = _Room(x, degree), torch.zeros(len(x), dtype=torch.float64)
    for first in range(0, len(x), room.rows):
        last = min(first + room.rows, len(x))
        kernel = room.kernel(x[first:last], x[first:])
        kernel.diagonal().zero_()
        sums[first:last] += kernel.sum(1)
        sums[last:] += kernel[:, last - first :].sum(0)
    means = sums / (len(x) - 1)
    return _Kernel(means, means)
