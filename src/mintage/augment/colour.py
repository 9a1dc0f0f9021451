"""Changes brightness, saturation and contrast of samples."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

__all__ = ["Colour"]


class Colour:
    """Changes brightness, saturation and contrast of each sample (DiffAugment, Zhao et al., 2020).

    Brightness within ±0.5, saturation from 0 to 2 times, contrast from 0.5 to 1.5 times; `strength`
    below one narrows all three. On grey images saturation is the identity.

    Shape: (B, C, H, W), (B, 3) -> (B, C, H, W).
    """

    num_draws = 3
    harmless_when: ClassVar[str] = (
        "only the discriminator looks through it, or light and exposure vary by nature; not where a tone is a measure"
    )

    def __init__(self, strength: float = 1.0) -> None:
        self.strength = strength

    def __call__(self, x: Tensor, chance: Tensor) -> Tensor:
        swing = (self.strength * (2 * chance.to(x.dtype) - 1)).view(*chance.shape, 1, 1, 1)  # (B, 3, 1, 1, 1) of ±1
        x = x + 0.5 * swing[:, 0]
        grey = x.mean(1, keepdim=True)
        x = grey + (x - grey) * (1 + swing[:, 1])
        mean = x.mean((1, 2, 3), keepdim=True)
        return mean + (x - mean) * (1 + 0.5 * swing[:, 2])
