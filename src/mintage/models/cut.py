"""CUT: unpaired translation in one direction, with half the networks of CycleGAN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field
from torch import nn

from mintage.config import Settings
from mintage.contracts import DataSpec, Rung
from mintage.errors import SpecError
from mintage.games.contrastive import ContrastiveGame, ContrastiveStakes, PatchPoints
from mintage.layers.patch_discriminator import PatchDiscriminator
from mintage.layers.picture_pair import PicturePair
from mintage.layers.residual import ResNetTranslator
from mintage.layers.translator import Translator
from mintage.layers.upsample import UpsampleName

__all__ = ["CUT"]


class CUT(Settings):
    """Contrastive unpaired translation (Park et al., 2020).

    Choose it where one direction is wanted: it learns with two networks instead of four, and asks only that patches
    stay recognisable, where a cycle asks that everything can be undone; so it may change shapes more freely.
    """

    width: int = Field(32, ge=4)
    """Feature maps of the translator's first layer; the paper has 64."""
    blocks: int = Field(6, ge=1)
    """Residual blocks; the paper has 9 at 256 pixels."""
    judge_width: int = Field(32, ge=4)
    """Feature maps of the discriminator's first layer; the paper has 64."""
    halvings: int = Field(2, ge=1, le=4)
    """Of the sides before a patch is judged: 2 judges patches of 34 pixels, 3 of 70 as in the paper."""
    points_dim: int = Field(128, ge=8)
    """Numbers that a patch is compared by; the paper has 256."""
    residual: bool = True
    """Add what the translator makes to its input, so that training starts from a copy; the paper does not."""
    upsample: UpsampleName = "resize"
    """How sides are doubled: resize-convolution, or pixel shuffle."""
    stakes: ContrastiveStakes = ContrastiveStakes(contrast_weight=2.0, r1=1.0)
    """What the players pay."""

    habits: ClassVar[Mapping[str, Any]] = {"batch": 4, "lr": 1e-4, "betas": (0.5, 0.99), "ema_half_life": 2_000}
    ladder: ClassVar[tuple[Rung, ...]] = (
        Rung({"width": 16, "judge_width": 24}, 0),
        Rung({"width": 24, "judge_width": 24}, 30_000),
        Rung({"width": 32, "judge_width": 32}, 60_000),
        Rung({"width": 64, "judge_width": 64}, 200_000),
    )

    def build(self, spec: DataSpec) -> ContrastiveGame:
        """The game for this data.

        Raises:
            SpecError: no picture is told, sides or channels differ, or a side is too small to be halved.
        """
        pair = PicturePair.read(spec, "CUT", multiple=4)
        pair.check_patch(self.halvings, "model.halvings")
        if pair.told != pair.channels:
            raise SpecError(
                f"CUT looks at inputs and outputs with the same eyes, but this data has inputs of {pair.told} channels "
                f"for targets of {pair.channels}. Set codec.channels = {pair.channels}, or choose a model that fits: "
                "mintage models --fit DATA."
            )
        network = ResNetTranslator(pair.told, pair.channels, self.width, self.blocks, upsample=self.upsample)
        network.apply(_initialise)
        if self.residual:
            network.start_from_copy()
        layers = [0, 1, 2, 2 + (self.blocks + 1) // 2, 2 + self.blocks]
        points = PatchPoints([network.widths[layer] for layer in layers], self.points_dim)
        judge = PatchDiscriminator(pair.channels, self.judge_width, halvings=self.halvings)
        sampler = Translator(network, multiple=network.multiple, reach=network.reach)
        return ContrastiveGame(sampler, points, layers, judge, self.stakes)


def _initialise(layer: nn.Module) -> None:
    if isinstance(layer, nn.Conv2d):
        nn.init.xavier_normal_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
