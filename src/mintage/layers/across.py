"""What layers need of all processes: means with gradients, samples without; the identity where there is only one."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

__all__ = ["alone", "gathered", "mean_across", "num_processes", "rank"]


class _MeanAcross(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        total = x.clone()
        dist.all_reduce(total)
        return total / dist.get_world_size()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # type: ignore[override]
        total = grad.clone()
        dist.all_reduce(total)
        return total / dist.get_world_size()


def alone() -> bool:
    """Whether this is the only process of the training."""
    return not (dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1)


def num_processes() -> int:
    """How many processes train together."""
    return 1 if alone() else dist.get_world_size()


def mean_across(x: Tensor) -> Tensor:
    """The mean of `x` over all processes; its gradient is averaged the same way. Shape: kept."""
    return x if alone() else _MeanAcross.apply(x)  # type: ignore[no-any-return, no-untyped-call]


def rank() -> int:
    """Which of the processes this one is, from 0."""
    return 0 if alone() else dist.get_rank()


def gathered(x: Tensor) -> Tensor:
    """The samples of all processes, in the order of their ranks, without gradients. Shape: (B, ...) -> (B n, ...)."""
    if alone():
        return x
    x = x.contiguous()  # and so are the parts that are made like it
    parts = [torch.empty_like(x) for _ in range(dist.get_world_size())]
    dist.all_gather(parts, x)
    return torch.cat(parts)
