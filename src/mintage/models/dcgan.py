"""DCGAN: the plainest convolutional GAN that works, and the fastest on a CPU."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, ClassVar

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

__all__ = ["DCGAN"]


class DCGAN(Settings):
    """Deep convolutional GAN (Radford et al., 2016) with the relativistic loss and a lazy R1.

    Choose it first: it learns from thousands of images in minutes on a plain CPU. Small batches and many steps are
    what makes it fast: at equal time a batch of 16 came out far ahead of 32 and 64 (docs/log.md).
    """

    latent_dim: int = Field(64, ge=1)
    """Length of z; with classes an embedding of the same length is joined to it."""
    width: int = Field(32, ge=1)
    """Feature maps of the discriminator's first layer, half the generator's last; they double at each halving."""
    spectral: bool = False
    """Spectral normalisation of the discriminator; for the hinge loss, which needs a bounded slope."""
    stakes: Stakes = Stakes(objective="relativistic", r1=0.1, penalty_every=8)
    """What the players pay."""

    habits: ClassVar[Mapping[str, Any]] = {"batch": 16, "lr": 1e-3, "betas": (0.0, 0.99)}
    ladder: ClassVar[tuple[Rung, ...]] = (
        Rung({"width": 24}, 0),
        Rung({"width": 32}, 250_000),
        Rung({"width": 48}, 1_500_000),
        Rung({"width": 64}, 5_000_000),
    )

    def build(self, spec: DataSpec) -> GAN:
        """The game for this data.

        Raises:
            SpecError: not a square image whose side is 4 or 7 times a power of two, or a condition that is no class.
        """
        pyramid = Pyramid.read(spec, "DCGAN")
        discriminator = _Discriminator(self.width, pyramid, bounded=self.spectral)
        return GAN(LatentSampler(_Generator(self, pyramid), self.latent_dim), discriminator, self.stakes)


class _Generator(nn.Module):
    def __init__(self, model: DCGAN, pyramid: Pyramid) -> None:
        super().__init__()
        widths = pyramid.widths(model.width, 16)[:-1]  # 28x28: 128, 64; no layer at the full resolution
        self.latent = ClassLatent(model.latent_dim, pyramid.num_classes)
        self.stem = nn.Linear(self.latent.out_dim, widths[0] * pyramid.base**2, bias=False)
        self.unflatten = nn.Unflatten(1, (widths[0], pyramid.base, pyramid.base))
        layers: list[nn.Module] = [BatchNorm(widths[0]), nn.ReLU()]
        for i, o in pairwise(widths):
            layers += [nn.ConvTranspose2d(i, o, 4, 2, 1, bias=False), BatchNorm(o), nn.ReLU()]
        self.body = nn.Sequential(*layers)
        self.head = nn.ConvTranspose2d(widths[-1], pyramid.channels, 4, 2, 1)
        for part in (self.stem, self.body, self.head):
            part.apply(_initialise)

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        h = self.unflatten(self.stem(self.latent(z, condition)))  # (B, F, 7, 7)
        return self.head(self.body(h)).tanh()  # type: ignore[no-any-return]  # (B, C, H, W)


class _Discriminator(nn.Module):
    def __init__(self, width: int, pyramid: Pyramid, *, bounded: bool) -> None:
        super().__init__()
        widths = [pyramid.channels, *reversed(pyramid.widths(width, 8)[1:])]  # 28x28: C, 32, 64
        layers: list[nn.Module] = []
        for i, o in pairwise(widths):
            layers += [nn.Conv2d(i, o, 4, 2, 1), nn.LeakyReLU(0.2)]
        layers += [nn.Conv2d(widths[-1], widths[-1], 3, 1, 1), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers).apply(_initialise)
        self.head = Projection(widths[-1] * pyramid.base**2, pyramid.num_classes, bounded=bounded)
        if bounded:
            for layer in self.body:
                if isinstance(layer, nn.Conv2d):
                    spectral_norm(layer)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.head(self.body(x).flatten(1), condition)  # type: ignore[no-any-return]  # (B,)


def _initialise(layer: nn.Module) -> None:
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(layer.weight, 0.0, 0.02)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
