"""Layers that double the sides of a picture without the checkerboards of free transposed convolutions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["UPSAMPLINGS", "ResizeConv", "ShuffleConv", "UpsampleName"]

UpsampleName = Literal["resize", "shuffle"]

_FEW = 256  # pixels


class ResizeConv(nn.Conv2d):
    """Repeats every pixel twice each way, then convolves 3x3 (Odena et al., 2016).

    Both are linear, so they are done as one: a transposed convolution whose 4x4 kernel is the 3x3 one spread over the
    repeated pixels. It gives the same numbers from 16 instead of 36 products a pixel, and trains small maps the plain
    way, where spreading the kernel takes longer than that.

    Shape: (B, C, H, W) -> (B, C', 2 H, 2 W).
    """

    def __init__(self, channels: int, out: int, *, bias: bool = True) -> None:
        super().__init__(channels, out, 3, padding=1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        if self.training and x.shape[0] * x.shape[2] * x.shape[3] < _FEW:
            return super().forward(F.interpolate(x, scale_factor=2.0))
        kernel = F.pad(self.weight.transpose(0, 1).flip(2, 3), (1, 1, 1, 1))
        rows = kernel[:, :, 1:] + kernel[:, :, :-1]
        return F.conv_transpose2d(x, rows[..., 1:] + rows[..., :-1], self.bias, stride=2, padding=1)


class ShuffleConv(nn.Conv2d):
    """Convolves 3x3, then spreads channels over pixels (Shi et al., 2016); at first they repeat (Aitken et al., 2017).

    Shape: (B, C, H, W) -> (B, C', 2 H, 2 W).
    """

    def __init__(self, channels: int, out: int, *, bias: bool = True) -> None:
        super().__init__(channels, 4 * out, 3, padding=1, bias=bias)
        with torch.no_grad():
            for tensor in self.parameters():  # the four pixels that one becomes start alike
                tensor.copy_(tensor[::4].repeat_interleave(4, 0))

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(super().forward(x), 2)


UPSAMPLINGS: Mapping[UpsampleName, type[ResizeConv | ShuffleConv]] = {"resize": ResizeConv, "shuffle": ShuffleConv}
