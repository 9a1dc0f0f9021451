"""DINOv2: features learned without labels, which agree with people about images better than Inception's."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from mintage.config import Settings
from mintage.contracts import Examples
from mintage.layers.image_features import ImageFeatures
from mintage.layers.vision_transformer import VisionTransformer, join
from mintage.storage import sha256
from mintage.weights import find_weights, load_network

__all__ = ["DINOv2"]

_SIDE = 224
_PUBLISHED = {  # size -> (address, sha256); only what is known to be right is ever downloaded
    "small": (
        "https://huggingface.co/facebook/dinov2-small/resolve/ed25f3a31f01632728cabb09d1542f84ab7b0056/model.safetensors",
        "ae1e99fcefd534ed978cdeb8326f08030c96e28b7a81ffcbc98a857c84d14be1",
    )
}


class DINOv2(Settings):
    """The class token of DINOv2, a self-supervised vision transformer (Oquab et al., 2023).

    Choose it where time allows: distances in its features rank generators as people do, where Inception's favour what
    looks like ImageNet (Stein et al., 2023). They are never FID.

    Shape: 384, 768 or 1024 features: small, base, large.
    """

    weights: Path | None = None
    """A checkpoint named as facebook/dinov2-small; unset: dinov2-SIZE.safetensors in MINTAGE_WEIGHTS or the cache."""
    size: Literal["small", "base", "large"] = "small"
    """Which to look for when weights is unset (only small is downloaded, 88 MB); a given file says its size."""

    def prepare(self, reals: Examples, cache: Path) -> ImageFeatures:
        """The network with its weights; nothing is learned from the examples.

        Raises:
            ConfigError: the weights are not there, cannot be downloaded, or are those of another network.
        """
        url, known = _PUBLISHED.get(self.size, (None, None))
        hint = f"They are model.safetensors of facebook/dinov2-{self.size} (Apache 2.0)."
        path = find_weights(self.weights, f"dinov2-{self.size}.safetensors", url, known, cache, hint=hint)
        network = load_network(path, _translate, lambda state: VisionTransformer(state, eps=1e-6, activation=F.gelu))
        return ImageFeatures(
            network=network,
            identity=f"dinov2-{sha256(path)[:8]}",
            dim=network.dim,
            side=_SIDE,
            mean=(123.675, 116.28, 103.53),
            std=(58.395, 57.12, 57.375),
        )


def _translate(state: dict[str, Tensor]) -> dict[str, Tensor]:
    patches = state.pop("embeddings.patch_embeddings.projection.weight")
    ours = {
        "class_token": state.pop("embeddings.cls_token").flatten(),
        "positions": _fitted(state.pop("embeddings.position_embeddings")[0], _SIDE // patches.shape[-1]),
        "patches.weight": patches,
        "patches.bias": state.pop("embeddings.patch_embeddings.projection.bias"),
        "after.weight": state.pop("layernorm.weight"),
        "after.bias": state.pop("layernorm.bias"),
    }
    for number in range(sum(name.endswith("mlp.fc1.bias") for name in state)):
        theirs, block = f"encoder.layer.{number}", f"blocks.{number}"
        attention = [f"{theirs}.attention.attention.{part}" for part in ("query", "key", "value")]
        scales = [state.pop(f"{theirs}.layer_scale{which}.lambda1") for which in (1, 2)]  # folded into what they scale
        for end in ("weight", "bias"):
            out, fc2 = state.pop(f"{theirs}.attention.output.dense.{end}"), state.pop(f"{theirs}.mlp.fc2.{end}")
            ours |= {
                f"{block}.norm1.{end}": state.pop(f"{theirs}.norm1.{end}"),
                f"{block}.qkv.{end}": join(state, attention, end),
                f"{block}.out.{end}": torch.einsum("o,o...->o...", scales[0], out),
                f"{block}.norm2.{end}": state.pop(f"{theirs}.norm2.{end}"),
                f"{block}.fc1.{end}": state.pop(f"{theirs}.mlp.fc1.{end}"),
                f"{block}.fc2.{end}": torch.einsum("o,o...->o...", scales[1], fc2),
            }
    state.pop("embeddings.mask_token", None)  # only for learning
    return ours | state


def _fitted(positions: Tensor, side: int) -> Tensor:
    """Positions learned on a larger grid of patches, for a grid of this side; the first is the class token's."""
    learned = math.isqrt(len(positions) - 1)
    grid = positions[None, 1:].view(1, learned, learned, -1).permute(0, 3, 1, 2)
    fitted = F.interpolate(grid.float(), (side, side), mode="bicubic")[0]
    return torch.cat([positions[:1].float(), fitted.flatten(1).T])
