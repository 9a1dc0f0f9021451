"""Root mean square normalisation without a gain, and a squared ReLU, with the short ways back that autograd lacks."""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

__all__ = ["normed", "squared_relu"]


def normed(x: Tensor) -> Tensor:
    """Root mean square normalisation (Zhang and Sennrich, 2019) over the last axis.

    `F.rms_norm` is put together from four operations on a processor, whose ways back take twice the time of this one.
    """
    if _learns(x):
        return cast(Tensor, _Normed.apply(x))  # type: ignore[no-untyped-call]
    return F.rms_norm(x, (x.shape[-1],))


def squared_relu(x: Tensor) -> Tensor:
    """The square of what is above zero (So et al., 2021)."""
    if _learns(x):
        return cast(Tensor, _SquaredReLU.apply(x))  # type: ignore[no-untyped-call]
    return F.relu(x).square_()


def _learns(x: Tensor) -> bool:
    return x.device.type == "cpu" and torch.is_grad_enabled() and x.requires_grad


class _Normed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        size = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        inverse = size.square_().div_(x.shape[-1]).add_(torch.finfo(x.dtype).eps).rsqrt_()
        y: Tensor = x * inverse
        ctx.save_for_backward(y, inverse)
        return y

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        y, inverse = ctx.saved_tensors
        along = (gradient * y).mean(-1, keepdim=True)
        slope: Tensor = torch.addcmul(gradient, y, along, value=-1).mul_(inverse)
        return slope


class _SquaredReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        kept = x.relu()
        ctx.save_for_backward(kept)
        return kept * kept

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (kept,) = ctx.saved_tensors
        slope: Tensor = (kept * gradient).mul_(2)
        return slope
