"""Sliced Wasserstein distance: a score that needs no network, cheap enough to pick checkpoints while training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from mintage.config import Settings
from mintage.contracts import Evidence
from mintage.seeding import generator

__all__ = ["SlicedWasserstein"]


class SlicedWasserstein(Settings):
    """Sliced Wasserstein distance between the patches of real and generated images (Karras et al., 2018).

    Patches of 7x7 pixels are taken at each level of a Laplacian pyramid, so that fine texture and large shapes count
    alike; random directions reduce the distance to sorting. It tells checkpoints of one run apart; between data sets
    or image sizes its values do not compare.
    """

    patches: int = 32
    """Patches taken from each image and level."""
    directions: int = 256
    """Random directions that the patches are projected on."""
    seed: int = 0
    """Of the places of the patches and of the directions: the same for real and generated images."""

    higher_is_better: ClassVar[bool] = False

    def measure(self, evidence: Evidence) -> Mapping[str, float]:
        """{"sliced_wasserstein": distance}, of as many images as the smaller of the two sets holds."""
        real = torch.cat([batch.x for batch in evidence.heldout()])
        fake = torch.cat(list(evidence.fake()))
        count = min(len(real), len(fake))
        return {"sliced_wasserstein": self.distance(real[:count], fake[:count])}

    def distance(self, real: Tensor, fake: Tensor) -> float:
        """The mean over the pyramid's levels. Shape: (N, C, H, W) twice, sides from 14 up."""
        levels = zip(_pyramid(real), _pyramid(fake), strict=True)
        return sum(d := [self._level(k, a, b) for k, (a, b) in enumerate(levels)]) / len(d)

    def _level(self, level: int, real: Tensor, fake: Tensor) -> float:
        rng = generator(self.seed, "sliced_wasserstein", level)
        side = real.shape[-1] - 6
        places = torch.randint(side * side, (self.patches,), generator=rng)
        directions = F.normalize(torch.randn(real.shape[1] * 49, self.directions, generator=rng), dim=0)
        a, b = (_patches(x, places, side) @ directions for x in (real, fake))  # (N * patches, directions)
        scale = a.std().clamp_min(1e-6)
        return float((a.sort(0).values - b.sort(0).values).abs().mean() / scale)


def _pyramid(x: Tensor) -> list[Tensor]:
    levels = []
    while x.shape[-1] >= 28:
        small = F.avg_pool2d(x, 2)
        levels.append(x - F.interpolate(small, scale_factor=2, mode="bilinear"))
        x = small
    return [*levels, x]


def _patches(x: Tensor, places: Tensor, side: int) -> Tensor:
    rows, columns = places // side, places % side
    cut = [x[:, :, r : r + 7, c : c + 7].flatten(1) for r, c in zip(rows.tolist(), columns.tolist(), strict=True)]
    return torch.cat(cut)
