"""The vision transformer at rest: images in patches, attention among all of them, the class token read at the end."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["VisionTransformer", "join"]

_HEAD = 64  # width of an attention head in every published size


class VisionTransformer(nn.Module):
    """A vision transformer (Dosovitskiy et al., 2021) whose sizes are read from its weights.

    `before` normalises the tokens before the first block and `projection` maps the class token after the last; a
    network whose weights hold neither has neither. Scales that a network learned for its residuals (Touvron et al.,
    2021) belong in the weights of `out` and `fc2`.

    Shape: (B, 3, S, S) -> (B, F).
    """

    def __init__(self, state: Mapping[str, Tensor], *, eps: float, activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        positions, width = state["positions"].shape
        patch = state["patches.weight"].shape[-1]
        self.side, self.dim = math.isqrt(positions - 1) * patch, width
        hidden = len(state["blocks.0.fc1.bias"])
        depth = sum(name.endswith(".fc1.bias") for name in state)
        self.class_token = nn.Parameter(torch.empty(width))
        self.positions = nn.Parameter(torch.empty(positions, width))
        self.patches = nn.Conv2d(3, width, patch, patch)
        self.before = nn.LayerNorm(width, eps) if "before.weight" in state else nn.Identity()
        self.blocks = nn.Sequential(*(_Block(width, hidden, eps, activation) for _ in range(depth)))
        self.after = nn.LayerNorm(width, eps)
        self.projection: nn.Module = nn.Identity()
        if "projection.weight" in state:
            self.dim = len(state["projection.weight"])
            self.projection = nn.Linear(width, self.dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        patches = self.patches(x).flatten(2).transpose(1, 2)  # (B, T - 1, width)
        tokens = torch.cat([self.class_token.expand(len(x), 1, -1), patches], 1) + self.positions
        last: Tensor = self.blocks(self.before(tokens))[:, 0]
        features: Tensor = self.projection(self.after(last))
        return features


class _Block(nn.Module):
    def __init__(self, width: int, hidden: int, eps: float, activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.activation = activation
        self.norm1, self.norm2 = nn.LayerNorm(width, eps), nn.LayerNorm(width, eps)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        qkv = self.qkv(self.norm1(x)).view(*x.shape[:2], 3, -1, _HEAD).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(*qkv.unbind(0))  # (B, heads, T, 64)
        x = x + self.out(mixed.transpose(1, 2).flatten(2))
        turned: Tensor = self.fc2(self.activation(self.fc1(self.norm2(x))))
        return x + turned


def join(state: dict[str, Tensor], parts: Sequence[str], end: str) -> Tensor:
    """Take out the weights of several layers with one input, as those of one layer: queries, keys and values."""
    return torch.cat([state.pop(f"{part}.{end}") for part in parts])
