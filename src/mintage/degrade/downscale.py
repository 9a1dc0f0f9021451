"""Makes pictures smaller: what super-resolution has to undo."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from mintage.config import Settings
from mintage.contracts import TensorSpec
from mintage.errors import SpecError

__all__ = ["Downscale"]

_FILTERS = ("bicubic", "bilinear", "area")


class Downscale(Settings):
    """Divides both sides by `scale` through an antialiasing filter, with the kernels that Pillow has.

    Choose `bicubic` to compare with published figures, `random` to restore pictures whose history is unknown.

    Shape: (B, C, H, W), (B, num_draws) -> (B, C, H / scale, W / scale).
    """

    scale: int = Field(2, ge=2, le=16)
    """How many times smaller the sides become."""
    filter: Literal["bicubic", "bilinear", "area", "random"] = "bicubic"
    """The kernel; `area` is the mean of each block, `random` draws one of the three for each sample."""

    @property
    def num_draws(self) -> int:
        """One number a sample where it decides the filter, else none."""
        return int(self.filter == "random")

    def spec(self, x: TensorSpec) -> TensorSpec:
        """The smaller sides.

        Raises:
            SpecError: sides that are not multiples of the scale.
        """
        channels, *sides = x.shape
        if any(side is None or side % self.scale for side in sides):
            raise SpecError(
                f"Downscaling by {self.scale} needs sides that are multiples of it, but this data has shape {x.shape}. "
                f"Crop it to such sides, or choose another scale."
            )
        return replace(x, shape=(channels, *(side // self.scale for side in sides if side)))

    def __call__(self, x: Tensor, chance: Tensor) -> Tensor:
        if self.filter != "random":
            return self._by(x, self.filter)
        drawn = (chance[:, 0] * len(_FILTERS)).long().view(-1, 1, 1, 1)
        small = self._by(x, _FILTERS[0])
        for k, name in enumerate(_FILTERS[1:], start=1):
            small = torch.where(drawn == k, self._by(x, name), small)
        return small

    def _by(self, x: Tensor, name: str) -> Tensor:
        size = [side // self.scale for side in x.shape[-2:]]
        small = F.interpolate(x, size=size, mode=name, antialias=name != "area")
        return small.clamp(-1, 1)  # a cubic kernel overshoots at edges
