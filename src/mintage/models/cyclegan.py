"""CycleGAN: from one kind of picture to another and back, learned from two folders that show different things."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field
from torch import nn

from mintage.config import Settings
from mintage.contracts import DataSpec, Rung
from mintage.errors import SpecError
from mintage.games.cycle import CycleGame, CycleStakes
from mintage.layers.image_pool import ImagePool
from mintage.layers.patch_discriminator import PatchDiscriminator
from mintage.layers.picture_pair import PicturePair
from mintage.layers.residual import ResNetTranslator
from mintage.layers.translator import Translator
from mintage.layers.upsample import UpsampleName

__all__ = ["CycleGAN"]


class CycleGAN(Settings):
    """Unpaired translation by cycle consistency (Zhu et al., 2017).

    Choose it where there are two folders and no pairs, and where the way back matters too. It holds four networks;
    `cut` does one direction with two of them. Each side should show the same kinds of things in its own manner.
    """

    width: int = Field(32, ge=4)
    """Feature maps of the translators' first layer; the paper has 64."""
    blocks: int = Field(6, ge=1)
    """Residual blocks of a translator; the paper has 6 at 128 pixels, 9 at 256."""
    judge_width: int = Field(32, ge=4)
    """Feature maps of the discriminators' first layer; the paper has 64."""
    halvings: int = Field(2, ge=1, le=4)
    """Of the sides before a patch is judged: 2 judges patches of 34 pixels, 3 of 70 as in the paper."""
    residual: bool = True
    """Add what the translator makes to its input, so that training starts from a copy; the paper does not."""
    upsample: UpsampleName = "resize"
    """How sides are doubled: resize-convolution, or pixel shuffle."""
    stakes: CycleStakes = CycleStakes(r1=0.3)
    """What the players pay."""

    habits: ClassVar[Mapping[str, Any]] = {"batch": 4, "lr": 4e-4, "betas": (0.5, 0.99), "ema_half_life": 2_000}
    ladder: ClassVar[tuple[Rung, ...]] = (
        Rung({"width": 16, "judge_width": 24}, 0),
        Rung({"width": 24, "judge_width": 24}, 30_000),
        Rung({"width": 32, "judge_width": 32}, 60_000),
        Rung({"width": 64, "judge_width": 64}, 200_000),
    )

    def build(self, spec: DataSpec) -> CycleGame:
        """The game for this data.

        Raises:
            SpecError: no picture is told, the sides differ in size or channels, or a side is too small to be halved.
        """
        pair = PicturePair.read(spec, "CycleGAN", multiple=4)
        pair.check_patch(self.halvings, "model.halvings")
        if pair.told != pair.channels:
            raise SpecError(
                f"CycleGAN goes both ways between pictures of one kind, but inputs have {pair.told} channels and "
                f"targets {pair.channels}. Set codec.channels = 3, or choose pix2pix for pairs."
            )
        shape = (pair.channels, *pair.sides)

        def translator() -> Translator:
            network = ResNetTranslator(
                pair.channels, pair.channels, self.width, self.blocks, upsample=self.upsample
            ).apply(_initialise)
            if self.residual:
                network.start_from_copy()
            return Translator(network, multiple=network.multiple, reach=network.reach)

        judges = {side: PatchDiscriminator(pair.channels, self.judge_width, halvings=self.halvings) for side in _SIDES}
        pools = {side: ImagePool(self.stakes.pool, shape) for side in _SIDES}
        return CycleGame(translator(), translator(), judges, pools, self.stakes)


_SIDES = ("target", "origin")


def _initialise(layer: nn.Module) -> None:
    if isinstance(layer, nn.Conv2d):
        nn.init.normal_(layer.weight, 0.0, 0.02)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
