"""DCGAN: the plainest convolutional GAN that works, and the fastest on a CPU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from mintage.config import Settings
from mintage.contracts import DataSpec, Rung
from mintage.errors import SpecError
from mintage.games.gan import GAN, LatentSampler, Stakes
from mintage.layers.norm import BatchNorm
from mintage.layers.spectral import spectral_norm

__all__ = ["DCGAN"]


class DCGAN(Settings):
    """Deep convolutional GAN (Radford et al., 2016) with a discriminator without batch norm.

    Choose it first: it learns from tens of thousands of images in minutes on a plain CPU. It makes square images
    whose side is 4 or 7 times a power of two, and is class-conditional when the data has classes.
    """

    latent_dim: int = Field(64, ge=1)
    """Length of z."""
    width: int = Field(32, ge=8)
    """Feature maps at the discriminator's largest resolution; they double at each halving, up to 8 times."""
    spectral: bool = True
    """Spectral normalisation of the discriminator."""
    stakes: Stakes = Stakes(objective="hinge")
    """What the players pay."""

    habits: ClassVar[Mapping[str, Any]] = {"batch": 32, "lr": 5e-4, "betas": (0.5, 0.99)}
    ladder: ClassVar[tuple[Rung, ...]] = (
        Rung({"width": 24}, 0),
        Rung({"width": 32}, 150_000),
        Rung({"width": 48}, 1_500_000),
        Rung({"width": 64}, 5_000_000),
    )

    def build(self, spec: DataSpec) -> GAN:
        channels, base, doublings = _square(spec)
        classes = spec.condition.classes if spec.condition else None
        widths = [self.width * 2 ** min(n, 3) for n in range(doublings)]
        generator = Generator(self.latent_dim, widths[::-1], channels, base, classes)
        discriminator = Discriminator(widths, channels, base, classes)
        if self.spectral:
            for layer in discriminator.modules():
                if isinstance(layer, nn.Conv2d | nn.Linear):
                    spectral_norm(layer)
        return GAN(LatentSampler(generator, self.latent_dim), discriminator, self.stakes)


class Generator(nn.Module):
    """z and a class embedding, up by transposed convolutions."""

    def __init__(self, latent_dim: int, widths: list[int], channels: int, base: int, classes: int | None) -> None:
        super().__init__()
        self.embed = nn.Embedding(classes, latent_dim) if classes else None
        inside = latent_dim * (2 if classes else 1)
        self.stem = nn.Linear(inside, widths[0] * base * base, bias=False)
        self.unflatten = nn.Unflatten(1, (widths[0], base, base))
        stages: list[nn.Module] = [BatchNorm(widths[0]), nn.ReLU()]
        for before, after in zip(widths, [*widths[1:], None], strict=True):
            if after is None:
                stages += [nn.ConvTranspose2d(before, channels, 4, 2, 1), nn.Tanh()]
            else:
                stages += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), BatchNorm(after), nn.ReLU()]
        self.body = nn.Sequential(*stages)
        self.apply(_initialise)

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        if self.embed is not None:
            z = torch.cat([z, self.embed(condition)], 1)
        return self.body(self.unflatten(self.stem(z)))  # type: ignore[no-any-return]  # (B, C, H, W)


class Discriminator(nn.Module):
    """Strided convolutions, then a logit; a class adds its projection (Miyato and Koyama, 2018)."""

    def __init__(self, widths: list[int], channels: int, base: int, classes: int | None) -> None:
        super().__init__()
        stages: list[nn.Module] = []
        for before, after in zip([channels, *widths], widths, strict=False):
            stages += [nn.Conv2d(before, after, 4, 2, 1), nn.LeakyReLU(0.2)]
        stages += [nn.Conv2d(widths[-1], 2 * widths[-1], 3, 1, 1), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*stages)
        self.head = nn.Linear(2 * widths[-1] * base * base, 1)
        self.embed = nn.Embedding(classes, 2 * widths[-1]) if classes else None
        self.apply(_initialise)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        h = self.body(x)  # (B, F, base, base)
        logits = self.head(h.flatten(1)).squeeze(1)
        if self.embed is not None:
            logits = logits + (h.mean((2, 3)) * self.embed(condition)).sum(1)
        return logits  # type: ignore[no-any-return]  # (B,)


def _square(spec: DataSpec) -> tuple[int, int, int]:
    match spec.x.shape:
        case (int(channels), int(side), int(other)) if side == other and spec.x.classes is None:
            for base in (4, 7):
                doublings = (side // base).bit_length() - 1
                if doublings >= 1 and side == base << doublings:
                    return channels, base, doublings
    raise SpecError(
        f"DCGAN makes square images whose side is 4 or 7 times a power of two, but this data has shape "
        f"{spec.x.shape}. Set codec.size = 64, or choose a model that fits: mintage models --fit DATA."
    )


def _initialise(layer: nn.Module) -> None:
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(layer.weight, 0.0, 0.02)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
