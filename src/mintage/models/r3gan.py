"""R3GAN: no tricks, a loss with a proof, and residual networks without normalisation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from mintage.config import Settings
from mintage.contracts import DataSpec, Rung
from mintage.games.gan import GAN, LatentSampler, Stakes
from mintage.layers.class_latent import ClassLatent
from mintage.layers.projection import Projection
from mintage.layers.pyramid import Pyramid

__all__ = ["R3GAN"]

L = TypeVar("L", nn.Linear, nn.Conv2d)

_SLOPE = 0.2  # of every LeakyReLU


class R3GAN(Settings):
    """The modern baseline: relativistic pairing loss with R1 and R2 (Huang et al., 2024), sized for a small machine.

    Choose it when there are hours rather than minutes: it converges where other losses lose modes, and neither
    network holds batch norm, so a sample never sees its neighbours. The paper's blocks mix in groups of 16
    channels, which a CPU runs slowly; here they are dense and not expanded, unless `group_width` is set.
    """

    latent_dim: int = Field(64, ge=1)
    """Length of z; with classes an embedding of the same length is joined to it."""
    width: int = Field(32, ge=1)
    """Feature maps at full resolution; 2, 3, then 4 times as many below."""
    blocks: int = Field(2, ge=1)
    """Residual blocks a resolution; the full resolution, where they cost most, has one less."""
    group_width: int = Field(0, ge=0)
    """Channels mixed together in 3x3 convolutions, in blocks twice as wide; 16 in the paper, 0 mixes all."""
    gamma: float | None = Field(None, ge=0)
    """Weight of R1 and of R2; unset: 0.2 up to 32 pixels, four times as much at each doubling."""
    stakes: Stakes = Stakes(objective="relativistic")
    """What the players pay; where stakes.r1 or stakes.r2 is set, both are kept as they are and gamma is not used."""

    habits: ClassVar[Mapping[str, Any]] = {"batch": 64, "lr": 2e-4, "betas": (0.0, 0.99)}
    ladder: ClassVar[tuple[Rung, ...]] = (
        Rung({"width": 16, "blocks": 1}, 0),
        Rung({"width": 24, "blocks": 1}, 300_000),
        Rung({"width": 32}, 1_000_000),
        Rung({"width": 64}, 5_000_000),
    )

    def build(self, spec: DataSpec) -> GAN:
        """The game for this data.

        Raises:
            SpecError: not a square image whose side is 4 or 7 times a power of two, or a condition that is no class.
        """
        pyramid = Pyramid.read(spec, "R3GAN")
        sampler = LatentSampler(_Generator(self, pyramid), self.latent_dim)
        return GAN(sampler, _Discriminator(self, pyramid), self.stakes_for(pyramid.side))

    def stakes_for(self, side: int) -> Stakes:
        """The stakes with R1 and R2 weighted for images of this side.

        >>> R3GAN().stakes_for(64).r1
        0.8
        """
        if self.stakes.r1 or self.stakes.r2:
            return self.stakes
        gamma = 0.2 * max(1.0, side / 32) ** 2 if self.gamma is None else self.gamma
        return self.stakes.model_copy(update={"r1": gamma, "r2": gamma})


class _Residual(nn.Module):
    """x + contract(act(mix(act(expand(x))))); it starts as the identity (Fixup, Zhang et al., 2019)."""

    def __init__(self, channels: int, group_width: int, depth: int) -> None:
        super().__init__()
        hidden = 2 * channels if group_width else channels
        groups = max(1, hidden // group_width) if group_width else 1
        while hidden % groups:
            groups -= 1
        self.expand = nn.Conv2d(channels, hidden, 1)
        self.mix = nn.Conv2d(hidden, hidden, 3, padding=1, groups=groups)
        self.contract = nn.Conv2d(hidden, channels, 1, bias=False)
        gain = math.sqrt(2 / (1 + _SLOPE**2)) * depth**-0.25  # three layers a branch: depth to the -1/(2*3 - 2)
        _normal(self.expand, gain)
        _normal(self.mix, gain)
        nn.init.zeros_(self.contract.weight)

    def forward(self, x: Tensor) -> Tensor:
        h = F.leaky_relu(self.mix(F.leaky_relu(self.expand(x), _SLOPE)), _SLOPE)
        return x + self.contract(h)  # type: ignore[no-any-return]


class _Resample(nn.Module):
    """Twice or half the side; widths change by a 1x1 convolution at the lower resolution, where it is cheap."""

    def __init__(self, i: int, o: int, *, up: bool) -> None:
        super().__init__()
        self.up = up
        self.widen = nn.Identity() if i == o else _normal(nn.Conv2d(i, o, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        if self.up:
            return F.interpolate(self.widen(x), scale_factor=2, mode="bilinear")
        return self.widen(F.avg_pool2d(x, 2))  # type: ignore[no-any-return]


class _Generator(nn.Module):
    def __init__(self, model: R3GAN, pyramid: Pyramid) -> None:
        super().__init__()
        widths, counts = _plan(model, pyramid)
        self.latent = ClassLatent(model.latent_dim, pyramid.num_classes)
        self.basis = nn.Parameter(torch.randn(widths[0], pyramid.base, pyramid.base))
        self.stem = _normal(nn.Linear(self.latent.out_dim, widths[0], bias=False))
        layers: list[nn.Module] = []
        for level, width in enumerate(widths):
            if level:
                layers.append(_Resample(widths[level - 1], width, up=True))
            layers += [_Residual(width, model.group_width, sum(counts)) for _ in range(counts[level])]
        self.body = nn.Sequential(*layers)
        self.head = _normal(nn.Conv2d(widths[-1], pyramid.channels, 1, bias=False))

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        amounts = self.stem(self.latent(z, condition))  # (B, F): how much of each learned 4x4 or 7x7 pattern
        h = amounts[:, :, None, None] * self.basis.to(amounts.dtype)
        return self.head(self.body(h))  # type: ignore[no-any-return]


class _Discriminator(nn.Module):
    def __init__(self, model: R3GAN, pyramid: Pyramid) -> None:
        super().__init__()
        widths, counts = _plan(model, pyramid)
        self.stem = _normal(nn.Conv2d(pyramid.channels, widths[-1], 1, bias=False))
        layers: list[nn.Module] = []
        for level in reversed(range(len(widths))):
            layers += [_Residual(widths[level], model.group_width, sum(counts)) for _ in range(counts[level])]
            if level:
                layers.append(_Resample(widths[level], widths[level - 1], up=False))
        self.body = nn.Sequential(*layers)
        self.gather = _normal(nn.Conv2d(widths[0], widths[0], pyramid.base, groups=widths[0], bias=False))
        self.head = Projection(widths[0], pyramid.num_classes)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        features = self.gather(self.body(self.stem(x))).flatten(1)  # (B, F)
        return self.head(features, condition)  # type: ignore[no-any-return]


def _plan(model: R3GAN, pyramid: Pyramid) -> tuple[list[int], list[int]]:
    """Widths and numbers of blocks from the base up to the full resolution."""
    levels = range(pyramid.doublings, -1, -1)
    return (
        [model.width * min(1 + level, 4) for level in levels],
        [model.blocks if level else max(1, model.blocks - 1) for level in levels],
    )


def _normal(layer: L, gain: float = 1.0) -> L:
    nn.init.normal_(layer.weight, std=gain / math.sqrt(layer.weight[0].numel()))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
