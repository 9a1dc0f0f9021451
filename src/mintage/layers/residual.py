"""Residual networks that turn one picture into another of the same sides."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from mintage.layers.instance_norm import InstanceNorm
from mintage.layers.upsample import UPSAMPLINGS, UpsampleName

__all__ = ["ResNetTranslator", "ResidualBlock"]


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside an identity (He et al., 2016), the first `dilation` pixels apart.

    Without normalisation the second one starts small, so that a stack of blocks starts near the identity.

    Shape: (B, C, H, W) -> (B, C, H, W).
    """

    def __init__(self, width: int, *, norm: bool = True, dilation: int = 1) -> None:
        super().__init__()
        self.reach = dilation + 1
        wide = nn.Conv2d(width, width, 3, 1, dilation, dilation, bias=not norm, padding_mode="reflect")
        last = nn.Conv2d(width, width, 3, 1, 1, bias=not norm, padding_mode="reflect")
        if norm:
            self.body = nn.Sequential(wide, InstanceNorm(width), nn.ReLU(), last, InstanceNorm(width))
        else:
            last.weight.data.mul_(0.1)
            self.body = nn.Sequential(wide, nn.ReLU(), last)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)  # type: ignore[no-any-return]


class ResNetTranslator(nn.Module):
    """The generator of CycleGAN (Zhu et al., 2017; Johnson et al., 2016) with convolutions of resized maps.

    A 7x7 stem, `halvings` of the sides, residual blocks, as many doublings, a 7x7 head and tanh. `blocks` is how many
    there are, or the dilation of each.

    Shape: (B, C, H, W) -> (B, C', H, W), H and W multiples of `multiple`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        width: int = 64,
        blocks: int | Sequence[int] = 6,
        *,
        halvings: int = 2,
        norm: bool = True,
        upsample: UpsampleName = "resize",
    ) -> None:
        super().__init__()
        stem = nn.Conv2d(in_channels, width, 7, padding=3, bias=not norm, padding_mode="reflect")
        stages: list[nn.Module] = [_activated(stem, width, norm)]
        self.widths = [width]  # of what each layer of `encode` gives
        for _ in range(halvings):
            i, o = self.widths[-1], 2 * self.widths[-1]
            stages.append(_activated(nn.Conv2d(i, o, 3, 2, 1, bias=not norm), o, norm))
            self.widths.append(o)
        deepest = self.widths[-1]
        dilations = [1] * blocks if isinstance(blocks, int) else blocks
        body = [ResidualBlock(deepest, norm=norm, dilation=dilation) for dilation in dilations]
        stages += body
        self.widths += [deepest] * len(body)
        self.encoder = nn.ModuleList(stages)
        ups = [deepest >> level for level in range(halvings)]
        self.decoder = nn.Sequential(
            *(_activated(UPSAMPLINGS[upsample](i, i // 2, bias=not norm), i // 2, norm) for i in ups)
        )
        self.head = nn.Conv2d(width, out_channels, 7, padding=3, padding_mode="reflect")
        self.halvings, self.deep_reach = halvings, sum(block.reach for block in body)
        self.up_reach = 3 if upsample == "shuffle" else 2  # finer pixels; a repeated one may lie aside
        self.is_residual = False

    @property
    def multiple(self) -> int:
        """Sides must be multiples of this."""
        return 1 << self.halvings

    @property
    def reach(self) -> int:
        """How many pixels away an output pixel can still see, but for the moments of its normalisation."""
        coarse = self.multiple
        # halvings see 1 + 2 + ... pixels farther; doublings two or three finer ones each
        return 3 + (coarse - 1) + coarse * self.deep_reach + self.up_reach * (coarse - 1) + 3

    def start_from_copy(self) -> None:
        """Add what is made to the input's first channels: nothing at first, so that outlines need not be learned."""
        self.is_residual = True
        for parameter in self.head.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        h = x
        for stage in self.encoder:
            h = stage(h)
        return self.decode(h, x)

    def encode(self, x: Tensor, layers: Sequence[int]) -> list[Tensor]:
        """Feature maps on the way down, in the order of `layers`: 0 is the stem, then each halving, then each block.

        Shape: (B, C, H, W) -> (B, widths[layer], H / s, W / s) for each layer, s = 1, 2, ..., multiple.
        """
        maps: list[Tensor] = []
        for stage in self.encoder[: max(layers) + 1]:
            maps.append(stage(maps[-1] if maps else x))
        return [maps[layer] for layer in layers]

    def decode(self, deepest: Tensor, x: Tensor) -> Tensor:
        """The picture that the deepest map of `x` becomes.

        Shape: (B, widths[-1], H / s, W / s), (B, C, H, W) -> (B, C', H, W).
        """
        made: Tensor = self.head(self.decoder(deepest))
        return x[:, : made.shape[1]] + made if self.is_residual else made.tanh()


def _activated(layer: nn.Module, width: int, norm: bool) -> nn.Sequential:
    return nn.Sequential(layer, *([InstanceNorm(width)] if norm else []), nn.ReLU())
