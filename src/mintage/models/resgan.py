"""A residual GAN whose discriminator has a bounded slope: steadier than a plain DCGAN, and dearer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, ClassVar

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from mintage.config import Settings
from mintage.contracts import DataSpec, Rung
from mintage.games.gan import GAN, LatentSampler, Stakes
from mintage.layers.class_latent import ClassLatent
from mintage.layers.norm import BatchNorm
from mintage.layers.projection import Projection
from mintage.layers.pyramid import Pyramid
from mintage.layers.spectral import spectral_norm

__all__ = ["ResGAN"]


class ResGAN(Settings):
    """Residual networks with a spectrally normalised discriminator (SNGAN, Miyato et al., 2018).

    Choose it for colour images of many kinds, above all with classes: the discriminator compares each sample with
    its class's embedding (Miyato and Koyama, 2018), the generator has the class joined to z. About ten times
    the arithmetic of `dcgan` at the same width; hinge loss and spectral normalisation make it hard to upset.
    """

    latent_dim: int = Field(128, ge=1)
    """Length of z; with classes an embedding of the same length is joined to it."""
    width: int = Field(32, ge=1)
    """Feature maps at full resolution; doubles at each halving, up to 4 times."""
    tail_blocks: int = Field(1, ge=0)
    """Residual blocks of the discriminator after the last halving; the paper has 2."""
    stakes: Stakes = Stakes(objective="hinge")
    """What the players pay; the paper moves the discriminator 5 times for each move of the generator."""

    habits: ClassVar[Mapping[str, Any]] = {"batch": 64, "lr": 2e-4, "betas": (0.0, 0.9)}
    ladder: ClassVar[tuple[Rung, ...]] = (
        Rung({"width": 16}, 0),
        Rung({"width": 32}, 500_000),
        Rung({"width": 64}, 3_000_000),
        Rung({"width": 64, "tail_blocks": 2}, 8_000_000),
    )

    def build(self, spec: DataSpec) -> GAN:
        """The game for this data.

        Raises:
            SpecError: not a square image whose side is 4 or 7 times a power of two, or a condition that is no class.
        """
        pyramid = Pyramid.read(spec, "ResGAN")
        sampler = LatentSampler(_Generator(self.latent_dim, self.width, pyramid), self.latent_dim)
        return GAN(sampler, _Discriminator(self.width, self.tail_blocks, pyramid), self.stakes)


class _Up(nn.Module):
    def __init__(self, i: int, o: int) -> None:
        super().__init__()
        self.norm_1, self.conv_1 = BatchNorm(i), _conv(i, o)
        self.norm_2, self.conv_2 = BatchNorm(o), _conv(o, o)
        self.skip = _conv(i, o, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv_1(_doubled(F.relu(self.norm_1(x))))
        return self.conv_2(F.relu(self.norm_2(h))) + _doubled(self.skip(x))  # type: ignore[no-any-return]


class _Down(nn.Module):
    """Two convolutions beside a skip; `halve` pools both, `first` takes pixels, which no ReLU may cut."""

    def __init__(self, i: int, o: int, *, halve: bool, first: bool = False) -> None:
        super().__init__()
        self.halve, self.first = halve, first
        self.conv_1, self.conv_2 = spectral_norm(_conv(i, o)), spectral_norm(_conv(o, o))
        self.skip = spectral_norm(_conv(i, o, 1)) if halve or i != o else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv_2(F.relu(self.conv_1(x if self.first else F.relu(x))))
        if self.halve:  # pooling commutes with a 1x1 convolution, and is cheaper before it
            h, x = F.avg_pool2d(h, 2), F.avg_pool2d(x, 2)
        return h + self.skip(x)  # type: ignore[no-any-return]


class _Generator(nn.Module):
    def __init__(self, latent_dim: int, width: int, pyramid: Pyramid) -> None:
        super().__init__()
        widths = pyramid.widths(width, 4)
        self.base = pyramid.base
        self.latent = ClassLatent(latent_dim, pyramid.num_classes)
        self.stem = nn.Linear(self.latent.out_dim, widths[0] * self.base**2)
        nn.init.xavier_uniform_(self.stem.weight)
        self.body = nn.Sequential(*(_Up(i, o) for i, o in pairwise(widths)))
        self.norm = BatchNorm(widths[-1])
        self.head = _conv(widths[-1], pyramid.channels, gain=1.0)

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        h = self.stem(self.latent(z, condition)).unflatten(1, (-1, self.base, self.base))  # (B, F, base, base)
        return self.head(F.relu(self.norm(self.body(h)))).tanh()  # type: ignore[no-any-return]


class _Discriminator(nn.Module):
    def __init__(self, width: int, tail_blocks: int, pyramid: Pyramid) -> None:
        super().__init__()
        halvings = max(1, pyramid.doublings - (pyramid.base == 4))  # ends at 7x7 or 8x8, as in the paper
        widths = [pyramid.channels, *(width * min(2**level, 4) for level in range(halvings))]
        blocks = [_Down(i, o, halve=True, first=level == 0) for level, (i, o) in enumerate(pairwise(widths))]
        blocks += [_Down(widths[-1], widths[-1], halve=False) for _ in range(tail_blocks)]
        self.body = nn.Sequential(*blocks)
        self.head = Projection(widths[-1], pyramid.num_classes, bounded=True)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        features = F.relu(self.body(x)).sum((2, 3))  # (B, F)
        return self.head(features, condition)  # type: ignore[no-any-return]


def _conv(i: int, o: int, kernel: int = 3, *, gain: float | None = None) -> nn.Conv2d:
    conv = nn.Conv2d(i, o, kernel, padding=kernel // 2)
    nn.init.xavier_uniform_(conv.weight, gain or (math.sqrt(2) if kernel > 1 else 1.0))
    assert conv.bias is not None
    nn.init.zeros_(conv.bias)
    return conv


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")
