"""Affine resampling of images that gradient penalties can see through."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["warp"]

_BILINEAR, _REFLECT = 0, 2  # the numbers that torch's kernels take


def warp(x: Tensor, matrix: Tensor) -> Tensor:
    """Each sample seen through its own affine map, bilinear, mirrored at the edges.

    `matrix` maps output coordinates to input coordinates, both in [-1, 1] with x before y (as torch's affine_grid).
    No gradient reaches the matrix. Computed in float32, since the kernel has no bfloat16 form on every device.

    Shape: (B, C, H, W), (B, 2, 3) -> (B, C, H, W).
    """
    grid = F.affine_grid(matrix.detach().float(), list(x.shape), align_corners=False)
    warped: Tensor = _Warp.apply(x.float(), grid)  # type: ignore[no-untyped-call]
    return warped.to(x.dtype)


class _Warp(torch.autograd.Function):
    """Resampling is linear in x, so its second derivative is itself; torch 2.4 has none for grid_sample."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, grid: Tensor) -> Tensor:
        ctx.save_for_backward(grid)
        ctx.shape = x.shape
        with torch.autocast(x.device.type, enabled=False):
            return F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        (grid,) = ctx.saved_tensors
        return _Adjoint.apply(grad, grid, ctx.shape), None  # type: ignore[no-untyped-call]


class _Adjoint(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, grad: Tensor, grid: Tensor, shape: torch.Size) -> Tensor:
        ctx.save_for_backward(grid)
        x = grad.new_zeros(shape)  # only its shape matters: the adjoint does not depend on x
        back, _ = torch.ops.aten.grid_sampler_2d_backward(grad, x, grid, _BILINEAR, _REFLECT, False, [True, False])
        return back  # type: ignore[no-any-return]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override]
        (grid,) = ctx.saved_tensors
        return _Warp.apply(grad, grid), None, None  # type: ignore[no-untyped-call]
