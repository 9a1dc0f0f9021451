"""PatchGAN: a discriminator that judges every patch of a picture by itself, so it takes pictures of any size."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from mintage.layers.instance_norm import InstanceNorm

__all__ = ["PatchDiscriminator"]


class PatchDiscriminator(nn.Module):
    """Logits of overlapping patches (Isola et al., 2017): 70 pixels wide with three halvings, 34 with two.

    With a condition, both are seen together, the condition resized to the picture where their sides differ.

    Shape: (B, C, H, W), condition (B, C', H', W') or None -> (B, 1, h, w).
    """

    def __init__(self, channels: int, width: int = 64, *, halvings: int = 3, norm: bool = True) -> None:
        super().__init__()
        widths = [channels, *(width * min(2**level, 8) for level in range(halvings))]
        layers: list[nn.Module] = []
        for level, (i, o) in enumerate(pairwise(widths)):
            normed = norm and level > 0
            layers += [nn.Conv2d(i, o, 4, 2, 1, bias=not normed), *([InstanceNorm(o)] if normed else [])]
            layers.append(nn.LeakyReLU(0.2))
        last = width * min(2**halvings, 8)
        layers.append(nn.Conv2d(widths[-1], last, 4, 1, 1, bias=not norm))
        layers += [InstanceNorm(last)] if norm else []
        layers += [nn.LeakyReLU(0.2), nn.Conv2d(last, 1, 4, 1, 1)]
        self.body = nn.Sequential(*layers).apply(_initialise)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        if condition is not None:
            if condition.shape[2:] != x.shape[2:]:
                condition = nn.functional.interpolate(condition, x.shape[2:], mode="nearest")
            x = torch.cat([x, condition.to(x.dtype)], 1)
        return self.body(x)  # type: ignore[no-any-return]


def _initialise(layer: nn.Module) -> None:
    if isinstance(layer, nn.Conv2d):
        nn.init.normal_(layer.weight, 0.0, 0.02)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
