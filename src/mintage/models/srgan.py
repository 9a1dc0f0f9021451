"""SRGAN: a residual network that makes pictures larger, or as large and better, starting from bicubic quality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from mintage.contracts import DataSpec, Rung
from mintage.errors import SpecError
from mintage.games.paired import PairedGame, PairedStakes
from mintage.layers.patch_discriminator import PatchDiscriminator
from mintage.layers.picture_pair import PicturePair
from mintage.layers.residual import ResidualBlock
from mintage.layers.translator import Translator
from mintage.layers.upsample import UPSAMPLINGS, UpsampleName
from mintage.perceiving import PerceivingModel

__all__ = ["SRGAN"]


class SRGAN(PerceivingModel):
    """Super-resolution and restoration (Ledig et al., 2017), its network without normalisation (Lim et al., 2017).

    Choose it to enlarge pictures two or four times, or, where input and target have the same sides, to sharpen, to
    clean or to repair them. As it stands it learns the pixels alone, which gives the best PSNR and soft textures;
    model.stakes.adversarial_weight above 0 buys texture, at the price of PSNR.
    """

    width: int = Field(32, ge=1)
    """Feature maps of the residual blocks."""
    blocks: int = Field(8, ge=1)
    """Residual blocks."""
    unshuffle: bool = True
    """Where input and target have the same sides, work at half of them, on four times the channels: a quarter of the
    time, twice the view."""
    upsample: UpsampleName = "resize"
    """How sides double where the target is larger: "resize" repeats pixels and convolves, "shuffle" spreads channels
    over pixels. After `unshuffle` it is always "shuffle"."""
    stakes: PairedStakes = PairedStakes(adversarial_weight=0.0, r1=1.0)
    """What the players pay."""

    habits: ClassVar[Mapping[str, Any]] = {"batch": 16, "lr": 1e-3, "betas": (0.9, 0.99)}
    ladder: ClassVar[tuple[Rung, ...]] = (
        Rung({"width": 24, "blocks": 6}, 0),
        Rung({"width": 32, "blocks": 8}, 100_000),
        Rung({"width": 48, "blocks": 12}, 600_000),
        Rung({"width": 64, "blocks": 16}, 2_000_000),
    )

    def build(self, spec: DataSpec) -> PairedGame:
        """The game for this data.

        Raises:
            SpecError: no input picture, other channels, or sides that are not once, twice or four times the input's.
            ConfigError: the perceptual network is paid for, but not named, or not on this machine.
        """
        pair = PicturePair.read(spec, "srgan", scales=(1, 2, 4))
        if pair.told != pair.channels:
            raise SpecError(
                f"srgan makes better pictures of the same kind, but this data has inputs of {pair.told} channels for "
                f"targets of {pair.channels}. Set codec.channels = {pair.channels}, or choose a model that fits: "
                "mintage models --fit DATA."
            )
        generator = _Restorer(self, pair)
        judge = None
        if self.stakes.adversarial_weight:
            pair.check_patch(2)
            judge = PatchDiscriminator(pair.channels, self.width, halvings=2, norm=False)
        sampler = Translator(generator, multiple=generator.multiple, reach=generator.reach, scale=pair.scale)
        return PairedGame(sampler, judge, self.stakes, conditional=False, perceptual=self.eyes())


class _Restorer(nn.Module):
    """The input, enlarged bicubically, and what a residual network adds to it: nothing, at first."""

    def __init__(self, model: SRGAN, pair: PicturePair) -> None:
        super().__init__()
        self.scale = pair.scale
        self.multiple = 2 if model.unshuffle and pair.scale == 1 and pair.halvings else 1
        blocks = [ResidualBlock(model.width, norm=False) for _ in range(model.blocks)]
        self.stem = nn.Conv2d(pair.told * self.multiple**2, model.width, 3, padding=1)
        self.body = nn.Sequential(*blocks, nn.Conv2d(model.width, model.width, 3, padding=1))
        layers: list[nn.Module] = []
        # what was unshuffled has a grain of its own in every pixel, which maps of repeated pixels cannot bring back
        doubling = UPSAMPLINGS["shuffle" if self.multiple > 1 else model.upsample]
        for _ in range((self.scale * self.multiple).bit_length() - 1):
            layers += [doubling(model.width, model.width), nn.ReLU()]
        self.ups, self.head = nn.Sequential(*layers), nn.Conv2d(model.width, pair.channels, 3, padding=1)
        for parameter in self.head.parameters():
            nn.init.zeros_(parameter)
        # stem, body and the first doubling see on the coarsest map, further doublings and the head on finer ones
        self.reach = self.multiple * (sum(block.reach for block in blocks) + 5)

    def forward(self, x: Tensor) -> Tensor:
        h = self.stem(F.pixel_unshuffle(x, self.multiple))
        h = self.head(self.ups(h + self.body(h)))
        if self.scale > 1:
            x = F.interpolate(x, scale_factor=self.scale, mode="bicubic", align_corners=False)
        return x + h  # type: ignore[no-any-return]
