"""A U-Net that learns a translation from pairs, with a discriminator of patches that asks for sharpness (pix2pix)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from mintage.contracts import DataSpec, Rung
from mintage.games.paired import PairedGame, PairedStakes
from mintage.layers.instance_norm import InstanceNorm
from mintage.layers.patch_discriminator import PatchDiscriminator
from mintage.layers.picture_pair import PicturePair
from mintage.layers.translator import Translator
from mintage.layers.upsample import ResizeConv
from mintage.perceiving import PerceivingModel

__all__ = ["Pix2Pix"]


class Pix2Pix(PerceivingModel):
    """Image-to-image translation from pairs (Isola et al., 2017).

    Choose it where the wanted output is known for each input, pixel by pixel: maps and photographs, drawings in two
    styles. Pairs are worth more than any loss: with them it beats what learns from two unpaired folders. Where output
    and input are the same picture in two qualities, srgan and inpaint start nearer to the goal.
    """

    width: int = Field(32, ge=1)
    """Feature maps after the first halving of the U-Net and of the discriminator; they double, up to eight-fold."""
    residual: bool = True
    """Where input and output have the same channels, add what is made to the input, so that training starts from a
    copy; the paper does not."""
    conditional: bool = True
    """Show the discriminator the input beside the picture, as in the paper. Few pairs, or ones that are not in register
    pixel by pixel, it knows by heart then: false asks for pictures of the wanted kind alone."""
    stakes: PairedStakes = PairedStakes(objective="least_squares", pixel_weight=10.0)
    """What the players pay."""

    habits: ClassVar[Mapping[str, Any]] = {"batch": 4, "lr": 2e-4, "betas": (0.5, 0.999)}
    ladder: ClassVar[tuple[Rung, ...]] = (
        Rung({"width": 16}, 0),
        Rung({"width": 24}, 20_000),
        Rung({"width": 32}, 60_000),
        Rung({"width": 48}, 250_000),
        Rung({"width": 64}, 600_000),
    )

    def build(self, spec: DataSpec) -> PairedGame:
        """The game for this data.

        Raises:
            SpecError: no input picture, or sides that differ or are not multiples of 4.
        """
        pair = PicturePair.read(spec, "pix2pix", multiple=4)
        is_residual = self.residual and pair.told == pair.channels
        generator = _UNet(pair.told, pair.channels, self.width, _depth(pair), is_residual=is_residual)
        judge = None
        if self.stakes.adversarial_weight:
            halvings = 3 if min(pair.sides) > 128 else 2
            pair.check_patch(halvings)
            seen = pair.channels + (pair.told if self.conditional else 0)
            judge = PatchDiscriminator(seen, self.width, halvings=halvings)
        sampler = Translator(generator, multiple=generator.multiple, reach=generator.reach)
        return PairedGame(sampler, judge, self.stakes, conditional=self.conditional, perceptual=self.eyes())


def _depth(pair: PicturePair) -> int:
    """Halvings down to a bottleneck of no less than 2x2, but two at least."""
    return min(pair.halvings, max(2, min(pair.sides).bit_length() - 2))


class _UNet(nn.Module):
    """Down to a bottleneck and up again, each map on the way down laid beside its like on the way up.

    The paper's generator with convolutions of resized maps, instance normalisation instead of batch normalisation
    (maps of at most 2x2 go without: there it would leave nothing but signs), and no dropout. A residual one adds to its
    input, nothing at first, and has no tanh.
    """

    def __init__(self, told: int, channels: int, width: int, depth: int, *, is_residual: bool) -> None:
        super().__init__()
        self.is_residual = is_residual
        widths = [told, *(width * min(2**level, 8) for level in range(depth))]
        self.downs, self.ups = nn.ModuleList(), nn.ModuleList()
        for level, (i, o) in enumerate(pairwise(widths)):
            normed = 0 < level < depth - 1
            layers = [nn.Conv2d(i, o, 4, 2, 1, bias=not normed), *([InstanceNorm(o)] if normed else [])]
            self.downs.append(nn.Sequential(*layers, nn.LeakyReLU(0.2)))
        for level in reversed(range(1, depth)):
            i, o = widths[level + 1], widths[level]
            i = i if level == depth - 1 else 2 * i
            self.ups.append(nn.Sequential(ResizeConv(i, o, bias=False), InstanceNorm(o), nn.ReLU()))
        self.head = ResizeConv(2 * width, channels)
        if is_residual:
            for parameter in self.head.parameters():
                nn.init.zeros_(parameter)
        self.multiple, self.reach = 2**depth, 3 * (2**depth - 1)  # a level sees twice as far as the next, and 3 more

    def forward(self, x: Tensor) -> Tensor:
        h, maps = x, []
        for down in self.downs:
            h = down(h)
            maps.append(h)
        h = maps.pop()
        for up in self.ups:
            h = torch.cat([up(h), maps.pop()], 1)
        made = self.head(h)
        return x + made if self.is_residual else made.tanh()  # type: ignore[no-any-return]
