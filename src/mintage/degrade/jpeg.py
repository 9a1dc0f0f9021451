"""Compresses pictures as JPEG files do: what removing blocks and ringing has to undo."""

from __future__ import annotations

import math
from functools import cache
from typing import Annotated, ClassVar

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from mintage.config import Settings
from mintage.contracts import TensorSpec
from mintage.errors import SpecError

__all__ = ["Jpeg"]

_Quality = Annotated[int, Field(ge=1, le=100)]
# fmt: off
_LUMINANCE = (  # ITU-T T.81, table K.1
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)
_CHROMINANCE = (  # table K.2
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99, *[99] * 32,
)
# fmt: on
_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))  # JFIF, from red green blue


class Jpeg(Settings):
    """Quantises the cosine transform of 8x8 blocks, with the colours at half the resolution (4:2:0).

    The lossy part of ITU-T T.81 with its example tables, scaled by quality as the common encoders scale them. What is
    lossless in a file, the entropy coding, is left out.

    Shape: (B, 1 or 3, H, W), (B, 1) -> the same.
    """

    quality: tuple[_Quality, _Quality] = (30, 90)
    """Quality of the encoder, drawn evenly between the two and including both."""

    num_draws: ClassVar[int] = 1

    def spec(self, x: TensorSpec) -> TensorSpec:
        """The same.

        Raises:
            SpecError: pictures that are neither grey nor red, green and blue.
        """
        if x.shape[0] not in (1, 3):
            raise SpecError(
                f"JPEG holds pictures of 1 or 3 channels, but this data has shape {x.shape}. "
                f"Set codec.channels to 1 or 3, or leave jpeg out."
            )
        return x

    def __call__(self, x: Tensor, chance: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        low, high = min(self.quality), max(self.quality)
        quality = low + (chance[:, 0].float() * (high - low + 1)).floor()  # (B,)
        levels = (x.float() * 127.5).add(127.5).round() - 128  # around zero, as the standard has it
        levels = F.pad(levels, (0, -width % 16, 0, -height % 16), mode="replicate")
        if x.shape[1] == 1:
            restored = _coded(levels, _table(_LUMINANCE, quality))
        else:
            to_ycc = torch.tensor(_YCC, device=x.device)
            ycc = torch.einsum("ij,bjhw->bihw", to_ycc, levels).round()
            light = _coded(ycc[:, :1], _table(_LUMINANCE, quality))
            colour = _coded(F.avg_pool2d(ycc[:, 1:], 2), _table(_CHROMINANCE, quality))
            colour = F.interpolate(colour, scale_factor=2, mode="bilinear")  # what decoders call fancy upsampling
            restored = torch.einsum("ij,bjhw->bihw", to_ycc.inverse(), torch.cat([light, colour], 1))
        restored = restored[..., :height, :width].add(128).round().clamp(0, 255)
        return restored.mul(1 / 127.5).sub(1).to(x.dtype)


def _table(base: tuple[int, ...], quality: Tensor) -> Tensor:
    """Step sizes at each quality. Shape: (B,) -> (B, 8, 8)."""
    percent = torch.where(quality < 50, (5000 / quality).floor(), 200 - 2 * quality).view(-1, 1, 1)
    steps = torch.tensor(base, device=quality.device).view(8, 8)
    return ((steps * percent + 50) / 100).floor().clamp(1, 255)


def _coded(planes: Tensor, steps: Tensor) -> Tensor:
    """Planes after coding and decoding, sides multiples of 8. Shape: (B, C, H, W), (B, 8, 8) -> (B, C, H, W)."""
    batch, channels, height, width = planes.shape
    tall, wide = (batch, channels, height // 8, 8, width), (batch, channels, height // 8, 8, width // 8, 8)
    cosines = _cosines().to(planes.device)
    steps = steps[:, None, None, :, None, :]  # (B, 1, 1, 8, 1, 8)
    frequencies = (cosines @ planes.view(tall)).view(wide) @ cosines.T
    frequencies = (frequencies / steps).round() * steps
    return (cosines.T @ (frequencies @ cosines).view(tall)).view_as(planes)


@cache
def _cosines() -> Tensor:
    """The orthonormal cosine transform of eight values. Shape: (8, 8), frequency by place."""
    frequency, place = torch.arange(8)[:, None], torch.arange(8)
    rows = torch.cos(math.pi / 8 * (place + 0.5) * frequency) / 2
    rows[0] /= math.sqrt(2)
    return rows
