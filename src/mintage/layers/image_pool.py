"""A pool of samples that were made before, so that a discriminator does not forget what it has seen."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mintage.layers.across import gathered, rank

__all__ = ["ImagePool"]


class ImagePool(nn.Module):
    """Half of the samples are exchanged for older ones (Shrivastava et al., 2017).

    Its content is a buffer, so a resumed run sees the same old samples; with several processes all hold the same pool.

    Shape: (B, *x), (B, 2) uniform -> (B, *x).
    """

    samples: Tensor
    count: Tensor

    def __init__(self, size: int, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("samples", torch.zeros(size, *shape))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def forward(self, x: Tensor, chance: Tensor) -> Tensor:
        size, first = len(self.samples), rank() * len(x)
        if not size:
            return x
        everyone, chances = gathered(x), gathered(chance.to(x.device)).tolist()
        shown, held = everyone.clone(), int(self.count)
        for place, (swap, where) in enumerate(chances):
            if held < size:
                self.samples[held] = everyone[place]
                held += 1
            elif swap < 0.5:
                old = int(where * size)
                shown[place] = self.samples[old]
                self.samples[old] = everyone[place]
        self.count.fill_(held)
        return shown[first : first + len(x)]
