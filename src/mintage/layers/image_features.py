"""Pixels to features: what every pretrained network of images needs before it, and the blocks that keep memory flat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["ImageFeatures", "bicubic"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ImageFeatures:
    """An embedder of images by a network at rest.

    Images are resized to a square (what is not square is stretched), grey ones become three equal channels, and
    levels are centred as the network learned them. A network sees `block` images a thread at once and never more than
    64, so memory does not grow with N.

    Shape: (N, H, W, C) uint8 with C = 1 or 3 -> (N, F) float32.
    """

    network: nn.Module  # (B, 3, side, side) -> (B, F)
    identity: str
    dim: int
    side: int
    mean: tuple[float, ...]  # in levels of 0..255, one for all channels or one for each
    std: tuple[float, ...]
    resize: Callable[[Tensor, int], Tensor] | None = None  # (B, C, H, W) levels; None: `bicubic`
    block: int = 4  # what passes between layers stays below 32 MB, which is allocated once instead of every time
    is_fid: bool = False  # whether the Fréchet distance of these features may be called FID

    @torch.inference_mode()
    def __call__(self, x: Tensor) -> Tensor:
        """The features of each image, in order.

        Raises:
            ValueError: these are not uint8 images with one or three channels.
        """
        if x.dtype != torch.uint8 or x.ndim != 4 or x.shape[3] not in (1, 3):
            raise ValueError(f"{tuple(x.shape)} {x.dtype} are no images: wanted is (N, H, W, 1 or 3) uint8.")
        features = torch.empty(len(x), self.dim)
        block = min(64, self.block * torch.get_num_threads())
        for start in range(0, len(x), block):
            part = slice(start, start + block)
            features[part] = self.network(self._prepared(x[part]))
        return features

    def _prepared(self, x: Tensor) -> Tensor:
        levels = (self.resize or bicubic)(x.permute(0, 3, 1, 2).float(), self.side)
        mean, std = (torch.tensor(values).view(1, -1, 1, 1) for values in (self.mean, self.std))
        centred = ((levels - mean) / std).expand(-1, 3, -1, -1)
        return centred.contiguous(memory_format=torch.channels_last)


def bicubic(x: Tensor, side: int) -> Tensor:
    """Resize with the bicubic filter that is widened when shrinking, as Pillow does (Parmar et al., 2022).

    Other filters skip pixels when shrinking: scores then measure the resizing as much as the images.

    Shape: (B, C, H, W) levels of 0..255 -> (B, C, side, side).
    """
    if x.shape[-2:] == (side, side):
        return x
    return F.interpolate(x, (side, side), mode="bicubic", antialias=True).clamp_(0, 255)
