"""FastGAN: a generator from a hundred to a few thousand images, whose discriminator must also remember them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any, ClassVar, cast

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from mintage.config import Settings
from mintage.contracts import Batch, DataSpec, Rung, Stake, Turn
from mintage.games.gan import GAN, LatentSampler, Stakes
from mintage.layers.class_latent import ClassLatent
from mintage.layers.norm import BatchNorm
from mintage.layers.projection import Projection
from mintage.layers.pyramid import Pyramid
from mintage.layers.spectral import spectral_norm

__all__ = ["FastGAN"]


class FastGAN(Settings):
    """The few-shot GAN (Liu et al., 2021): skip-layer excitation, and a discriminator that can redraw real images.

    Choose it for 100 to 2,000 images. Three things stand against learning them by heart: the discriminator looks
    through differentiable augmentations (Zhao et al., 2020), it must keep enough of each real image to redraw it
    in small, and the generator's low resolutions steer its high ones. Left out, against the paper: noise inside
    the generator (all chance is in z), the perceptual distance (it needs a downloaded network), batch norm in the
    discriminator (its samples would see each other) and the randomised weights of the hinge.
    """

    latent_dim: int = Field(128, ge=1)
    """Length of z; with classes an embedding of the same length is joined to it."""
    width: int = Field(32, ge=1)
    """Feature maps at full resolution; doubles at each halving, up to 8 times."""
    reconstruction_weight: float = Field(1.0, ge=0)
    """What the discriminator pays for the mean absolute error of its small redrawing of real images."""
    stakes: Stakes = Stakes(objective="hinge", augment=("colour", "translate", "cutout"))
    """What the players pay, and what the discriminator looks through."""

    habits: ClassVar[Mapping[str, Any]] = {"batch": 16, "lr": 2e-4, "betas": (0.5, 0.999)}
    ladder: ClassVar[tuple[Rung, ...]] = (
        Rung({"width": 16}, 0),
        Rung({"width": 32}, 150_000),
        Rung({"width": 64}, 1_000_000),
    )

    def build(self, spec: DataSpec) -> GAN:
        """The game for this data.

        Raises:
            SpecError: not a square image whose side is 4 or 7 times a power of two, or a condition that is no class.
        """
        pyramid = Pyramid.read(spec, "FastGAN")
        sampler = LatentSampler(_Generator(self.latent_dim, self.width, pyramid), self.latent_dim)
        return _RedrawingGAN(sampler, _Discriminator(self.width, pyramid), self.stakes, self.reconstruction_weight)


class _RedrawingGAN(GAN):
    """The adversarial game in which the discriminator also pays for what it forgets of real samples."""

    def __init__(self, sampler: LatentSampler, discriminator: _Discriminator, stakes: Stakes, weight: float) -> None:
        super().__init__(sampler, discriminator, stakes)
        self.reconstruction_weight = weight

    def turns(self, step: int, seed: int) -> list[Turn]:
        turns = super().turns(step, seed)
        if self.reconstruction_weight:
            at = next(at for at, turn in enumerate(turns) if turn.player == "discriminator")  # penalties may follow
            turns[at] = replace(turns[at], stake=partial(self._also_redraws, turns[at].stake))
        return turns

    def _also_redraws(self, stake: Callable[[Batch], Stake], batch: Batch) -> Stake:
        paid = stake(batch)
        error = cast("_Discriminator", self.discriminator).redrawing_error(batch.x)
        return Stake({**paid.pays, "reconstruction": self.reconstruction_weight * error}, paid.shows)


class _GatedUp(nn.Module):
    """Twice the side: nearest neighbours, a convolution, batch norm, and a gated linear unit."""

    def __init__(self, i: int, o: int) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(i, 2 * o, 3, padding=1, bias=False), BatchNorm(2 * o)

    def forward(self, x: Tensor) -> Tensor:
        return F.glu(self.norm(self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))), dim=1)


class _Excitation(nn.Module):
    """Skip-layer excitation: a low resolution says how strong each channel of a high one is."""

    def __init__(self, low: int, high: int, level: int, base: int) -> None:
        super().__init__()
        self.shrink = 2**level  # the low side over the base's
        self.gather, self.weigh = nn.Conv2d(low, high, base), nn.Conv2d(high, high, 1)

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        pooled = F.avg_pool2d(low, self.shrink) if self.shrink > 1 else low
        strength: Tensor = self.weigh(F.silu(self.gather(pooled))).sigmoid()  # (B, F, 1, 1)
        return high * strength


class _Generator(nn.Module):
    def __init__(self, latent_dim: int, width: int, pyramid: Pyramid) -> None:
        super().__init__()
        widths = pyramid.widths(width, 8)
        self.base, self.reach = pyramid.base, min(4, pyramid.doublings)  # 4 doublings: 8 -> 128, as in the paper
        self.latent = ClassLatent(latent_dim, pyramid.num_classes)
        features = widths[0] * self.base**2
        self.stem, self.norm = nn.Linear(self.latent.out_dim, 2 * features, bias=False), BatchNorm(2 * widths[0])
        self.ups = nn.ModuleList(_GatedUp(i, o) for i, o in pairwise(widths))
        self.excitations = nn.ModuleList(
            _Excitation(widths[level], widths[level + self.reach], level, self.base)
            for level in range(pyramid.doublings + 1 - self.reach)
        )
        self.head = nn.Conv2d(widths[-1], pyramid.channels, 3, padding=1)

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        z = self.latent(z, condition)
        h = F.glu(self.norm(self.stem(z).unflatten(1, (-1, self.base, self.base))), dim=1)  # (B, F, base, base)
        levels = [h]
        for level, up in enumerate(self.ups, start=1):
            h = up(h)
            if level >= self.reach:
                h = self.excitations[level - self.reach](levels[level - self.reach], h)
            levels.append(h)
        return self.head(h).tanh()  # type: ignore[no-any-return]


class _Halving(nn.Module):
    """Half the side, by strided convolutions and by a pooled short cut, averaged."""

    def __init__(self, i: int, o: int) -> None:
        super().__init__()
        self.stride = spectral_norm(nn.Conv2d(i, o, 4, 2, 1))
        self.mix = spectral_norm(nn.Conv2d(o, o, 3, padding=1))
        self.short = spectral_norm(nn.Conv2d(i, o, 1))

    def forward(self, x: Tensor) -> Tensor:
        main = _act(self.mix(_act(self.stride(x))))
        return (main + _act(self.short(F.avg_pool2d(x, 2)))) / 2


class _Discriminator(nn.Module):
    def __init__(self, width: int, pyramid: Pyramid) -> None:
        super().__init__()
        widths = pyramid.widths(width, 8)[::-1]  # from the full resolution down
        self.stem = spectral_norm(nn.Conv2d(pyramid.channels, widths[0], 3, padding=1))
        self.halvings = nn.ModuleList(_Halving(i, o) for i, o in pairwise(widths))
        self.gather = spectral_norm(nn.Conv2d(widths[-1], widths[-1], pyramid.base))
        self.head = Projection(widths[-1], pyramid.num_classes, bounded=True)
        self.decoder = _Decoder(widths[-2], pyramid)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        features = self.halvings[-1](self._trunk(x))
        return self.head(_act(self.gather(features)).flatten(1), condition)  # type: ignore[no-any-return]

    def redrawing_error(self, x: Tensor) -> Tensor:
        """Mean absolute error of the small redrawing of x. Shape: (B, C, H, W) -> ()."""
        drawn = self.decoder(self._trunk(x)).float()
        return F.l1_loss(drawn, F.avg_pool2d(x.float(), x.shape[-1] // drawn.shape[-1]))

    def _trunk(self, x: Tensor) -> Tensor:
        """Features at twice the base's side: 8x8 or 14x14."""
        h = _act(self.stem(x))
        for halving in list(self.halvings)[:-1]:
            h = halving(h)
        return h


class _Decoder(nn.Module):
    """Redraws an image in small, at most 32x32, from the discriminator's features."""

    def __init__(self, channels: int, pyramid: Pyramid) -> None:
        super().__init__()
        doublings = min(pyramid.doublings - 1, 2)
        widths = [max(channels // 2**n, 8) for n in range(doublings + 1)]
        widths[0] = channels
        # no batch norm: with a batch's own moments the redrawing would not be the sample's alone
        self.convs = nn.ModuleList(nn.Conv2d(i, 2 * o, 3, padding=1) for i, o in pairwise(widths))
        self.head = nn.Conv2d(widths[-1], pyramid.channels, 3, padding=1)

    def forward(self, h: Tensor) -> Tensor:
        for conv in self.convs:
            h = F.glu(conv(F.interpolate(h, scale_factor=2, mode="nearest")), dim=1)
        return self.head(h).tanh()  # type: ignore[no-any-return]


def _act(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.2)
