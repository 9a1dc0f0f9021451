"""CLIP: features that follow what a picture is about, learned from pictures and their captions."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from mintage.config import Settings
from mintage.contracts import Examples
from mintage.layers.image_features import ImageFeatures
from mintage.layers.vision_transformer import VisionTransformer, join
from mintage.storage import sha256
from mintage.weights import find_weights, load_network

__all__ = ["CLIP"]

_FILE = "clip-vit-base-patch32.bin"
_URL = "https://huggingface.co/openai/clip-vit-base-patch32/resolve/3d74acf9a28c67741b2f4f2ea7635f0aaf6f0268/pytorch_model.bin"
_SHA256 = "a63082132ba4f97a80bea76823f544493bffa8082296d62d71581a4feff1576f"


class CLIP(Settings):
    """The projected image features of CLIP (Radford et al., 2021), ViT-B/32 unless a file holds another size.

    Choose it where meaning counts and texture does not: it is robust against tricks that please ImageNet's classes
    (Kynkäänniemi et al., 2023). Its distances are never FID.

    Shape: 512 features (ViT-B), 768 (ViT-L).
    """

    weights: Path | None = None
    """A checkpoint named as openai/clip-vit-base-patch32; unset: in MINTAGE_WEIGHTS, or downloaded (605 MB)."""

    def prepare(self, reals: Examples, cache: Path) -> ImageFeatures:
        """The network with its weights; nothing is learned from the examples.

        Raises:
            ConfigError: the weights are not there, cannot be downloaded, or are those of another network.
        """
        path = find_weights(self.weights, _FILE, _URL, _SHA256, cache)
        network = load_network(path, _translate, lambda state: VisionTransformer(state, eps=1e-5, activation=_gelu))
        return ImageFeatures(
            network=network,
            identity=f"clip-{sha256(path)[:8]}",
            dim=network.dim,
            side=network.side,
            mean=(122.7709, 116.7460, 104.0937),
            std=(68.5005, 66.6322, 70.3232),
        )


def _gelu(x: Tensor) -> Tensor:
    return x * torch.sigmoid(1.702 * x)  # the approximation that it was trained with


def _translate(state: dict[str, Tensor]) -> dict[str, Tensor]:
    state = {name.removeprefix("vision_model."): state[name] for name in state if name.startswith("vis")}
    token = state.pop("embeddings.class_embedding")
    ours = {
        "class_token": token,
        "positions": state.pop("embeddings.position_embedding.weight"),
        "patches.weight": state.pop("embeddings.patch_embedding.weight"),
        "patches.bias": torch.zeros_like(token),
        "projection.weight": state.pop("visual_projection.weight"),
    }
    for number in range(sum(name.endswith("mlp.fc1.bias") for name in state)):
        theirs, block = f"encoder.layers.{number}", f"blocks.{number}"
        attention = [f"{theirs}.self_attn.{part}_proj" for part in "qkv"]
        for end in ("weight", "bias"):
            ours |= {
                f"{block}.norm1.{end}": state.pop(f"{theirs}.layer_norm1.{end}"),
                f"{block}.qkv.{end}": join(state, attention, end),
                f"{block}.out.{end}": state.pop(f"{theirs}.self_attn.out_proj.{end}"),
                f"{block}.norm2.{end}": state.pop(f"{theirs}.layer_norm2.{end}"),
                f"{block}.fc1.{end}": state.pop(f"{theirs}.mlp.fc1.{end}"),
                f"{block}.fc2.{end}": state.pop(f"{theirs}.mlp.fc2.{end}"),
            }
    for end in ("weight", "bias"):
        ours |= {f"before.{end}": state.pop(f"pre_layrnorm.{end}"), f"after.{end}": state.pop(f"post_layernorm.{end}")}
    state.pop("embeddings.position_ids", None)  # 0, 1, 2, ... in files of older versions
    return ours | state
