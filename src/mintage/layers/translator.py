"""The sampler of everything that turns one picture into another: no chance enters, the condition is the input."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn

__all__ = ["Translator"]


class Translator(nn.Module):
    """A fully convolutional generator, with what must be known to run it on pictures of any size.

    `multiple`: sides that it takes are multiples of this. `reach`: how many input pixels away an output pixel can
    still see. `scale`: output sides are this many times the input's.

    Shape: (n, 0), condition (n, C, H, W) -> (n, C', scale H, scale W).
    """

    chunk = 4  # pictures that pass at once when samples are drawn

    def __init__(self, generator: nn.Module, *, multiple: int, reach: int, scale: int = 1) -> None:
        super().__init__()
        self.generator, self.multiple, self.reach, self.scale = generator, multiple, reach, scale

    def noise(self, n: int, rng: Generator) -> Tensor:
        """No chance at all. Shape: (n, 0)."""
        return torch.empty(n, 0)

    def forward(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        assert condition is not None
        return self.generator(condition)  # type: ignore[no-any-return]
