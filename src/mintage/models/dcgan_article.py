"""The DCGAN of a thousand tutorials: five-by-five kernels, 100-d noise, batch norm and dropout, made right."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, ClassVar

from pydantic import Field
from torch import Tensor, nn

from mintage.config import Settings
from mintage.contracts import DataSpec, Rung
from mintage.games.gan import GAN, LatentSampler, Stakes
from mintage.layers.norm import BatchNorm
from mintage.layers.pyramid import Pyramid

__all__ = ["DCGANArticle"]


class DCGANArticle(Settings):
    """The tutorial's DCGAN for 28x28 pictures (after Radford et al., 2016), its mistakes corrected.

    As it is usually printed for Keras, the generator may stop at 14x14 and be trained toward "fake"; here the last
    layer doubles once more and the generator pays -log D(G(z)). Choose it as the baseline everybody knows;
    `dcgan` is faster and better. It learns no classes: a condition is taken and left unused.
    """

    latent_dim: int = Field(100, ge=1)
    """Length of z."""
    width: int = Field(64, ge=1)
    """Feature maps of the discriminator's first layer; doubles at each halving, up to 8 times."""
    dropout: float = Field(0.3, ge=0, lt=1)
    """Share of the discriminator's features that are dropped while it trains."""
    stakes: Stakes = Stakes(objective="non_saturating")
    """What the players pay: the cross-entropy of the article."""

    # the article's Adam has no figures; these are the DCGAN paper's, since Keras' beta_1 of 0.9 oscillates
    habits: ClassVar[Mapping[str, Any]] = {"batch": 128, "lr": 2e-4, "betas": (0.5, 0.999)}
    ladder: ClassVar[tuple[Rung, ...]] = (Rung({}, 0),)

    def build(self, spec: DataSpec) -> GAN:
        """The game for this data.

        Raises:
            SpecError: not a square image whose side is 4 or 7 times a power of two.
        """
        pyramid = Pyramid.read(spec, "DCGANArticle")
        sampler = LatentSampler(_Generator(self.latent_dim, self.width, pyramid), self.latent_dim)
        return GAN(sampler, _Discriminator(self.width, self.dropout, pyramid), self.stakes)


class _Generator(nn.Module):
    def __init__(self, latent_dim: int, width: int, pyramid: Pyramid) -> None:
        super().__init__()
        widths = pyramid.widths(width, 8)  # 28x28: 256, 128, 64
        self.base = pyramid.base
        features = widths[0] * self.base**2
        self.stem = nn.Sequential(nn.Linear(latent_dim, features, bias=False), _norm(features), nn.LeakyReLU(0.3))
        layers: list[nn.Module] = []
        for i, o in pairwise(widths):
            stride = 2 if layers else 1  # the first mixes at 7x7
            layers += [_up(i, o, stride), _norm(o), nn.LeakyReLU(0.3)]
        self.body = nn.Sequential(*layers)
        self.head = _up(widths[-1], pyramid.channels, 2)
        self.apply(_glorot)

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        h = self.stem(z).unflatten(1, (-1, self.base, self.base))  # (B, F, 7, 7)
        return self.head(self.body(h)).tanh()  # type: ignore[no-any-return]


class _Discriminator(nn.Module):
    def __init__(self, width: int, dropout: float, pyramid: Pyramid) -> None:
        super().__init__()
        widths = [pyramid.channels, *reversed(pyramid.widths(width, 8)[1:])]  # 28x28: C, 64, 128
        layers: list[nn.Module] = []
        for i, o in pairwise(widths):
            layers += [nn.Conv2d(i, o, 5, 2, 2), nn.LeakyReLU(0.3), nn.Dropout(dropout)]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(widths[-1] * pyramid.base**2, 1)
        self.apply(_glorot)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.head(self.body(x).flatten(1)).squeeze(1)  # type: ignore[no-any-return]


def _up(i: int, o: int, stride: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(i, o, 5, stride, 2, output_padding=stride - 1, bias=False)  # Keras' "same"


def _norm(channels: int) -> BatchNorm:
    # Keras' eps; its momentum (0.01 as torch counts) leaves running moments unsettled for hundreds of steps
    return BatchNorm(channels, eps=1e-3)


def _glorot(layer: nn.Module) -> None:
    if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
        nn.init.xavier_uniform_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
