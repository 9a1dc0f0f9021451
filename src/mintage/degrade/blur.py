"""Blurs pictures: what deblurring has to undo."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from mintage.config import Settings
from mintage.contracts import TensorSpec
from mintage.errors import SpecError

__all__ = ["Blur"]

_Sigma = Annotated[float, Field(gt=0, le=20)]


class Blur(Settings):
    """Convolves each sample with a kernel of its own, mirrored at the edges.

    Gaussians have a direction and two widths, as in Real-ESRGAN (Wang et al., 2021); `motion` is a straight shake,
    `disk` a lens out of focus. Sigma is the standard deviation of each kind along its longer axis, so the kinds blur
    equally: a motion is sqrt(12) sigma long, the radius of a disk is 2 sigma.

    Shape: (B, C, H, W), (B, 4) -> (B, C, H, W).
    """

    sigma: tuple[_Sigma, _Sigma] = (0.6, 2.4)
    """Standard deviation of the kernel in pixels, drawn evenly between the two; for Gaussians once an axis."""
    kinds: tuple[Literal["gaussian", "motion", "disk"], ...] = Field(("gaussian",), min_length=1)
    """What is drawn from, all as likely; naming one twice makes it twice as likely."""

    num_draws: ClassVar[int] = 4  # kind, direction, sigma, sigma across

    @property
    def radius(self) -> int:
        """How far a kernel reaches, in pixels."""
        return math.ceil(3 * max(self.sigma))

    def spec(self, x: TensorSpec) -> TensorSpec:
        """The same.

        Raises:
            SpecError: a picture too small to be mirrored as far as the kernel reaches.
        """
        if any(side is not None and side <= self.radius for side in x.shape[1:]):
            raise SpecError(
                f"A blur of sigma {max(self.sigma)} reaches {self.radius} pixels, so sides must be longer than that, "
                f"but this data has shape {x.shape}. Lower sigma, or take larger pictures."
            )
        return x

    def __call__(self, x: Tensor, chance: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        kernels = self.kernels(chance).to(x.dtype)[:, None].repeat_interleave(channels, 0)  # (BC, 1, K, K)
        padded = F.pad(x, (self.radius,) * 4, mode="reflect").flatten(0, 1)[None]  # (1, BC, H + 2R, W + 2R)
        blurred = F.conv2d(padded, kernels, groups=batch * channels)
        return blurred.view(batch, channels, height, width).clamp(-1, 1)

    def kernels(self, chance: Tensor) -> Tensor:
        """The kernel of each row; each sums to one. Shape: (B, 4) -> (B, K, K), K = 2 radius + 1."""
        kind, turn, *shares = chance.view(-1, self.num_draws, 1, 1).unbind(1)
        low, high = self.sigma
        along, across = (low + (high - low) * share for share in shares)
        place = torch.arange(-self.radius, self.radius + 1, device=chance.device)
        cos, sin = (math.pi * turn).cos(), (math.pi * turn).sin()
        u = cos * place + sin * place[:, None]  # (B, K, K): coordinates in the kernel's own frame
        v = cos * place[:, None] - sin * place
        drawn = (kind * len(self.kinds)).long()
        kernels = torch.zeros_like(u)
        for k, name in enumerate(self.kinds):
            kernels = torch.where(drawn == k, _SHAPES[name](u, v, along, across), kernels)
        return kernels / kernels.sum((1, 2), keepdim=True)


def _gaussian(u: Tensor, v: Tensor, along: Tensor, across: Tensor) -> Tensor:
    return torch.exp(-0.5 * ((u / along).square() + (v / across).square()))


def _motion(u: Tensor, v: Tensor, along: Tensor, _: Tensor) -> Tensor:
    reach = math.sqrt(3) * along  # an even line of half this length has this standard deviation
    return (reach + 0.5 - u.abs()).clamp(0, 1) * (1 - v.abs()).clamp(min=0)  # ends and edges cover pixels in part


def _disk(u: Tensor, v: Tensor, along: Tensor, _: Tensor) -> Tensor:
    return (2 * along + 0.5 - torch.hypot(u, v)).clamp(0, 1)


_SHAPES = {"gaussian": _gaussian, "motion": _motion, "disk": _disk}
