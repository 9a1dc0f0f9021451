"""Tells a generator its class: an embedding joined to the latent vector."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["ClassLatent"]


class ClassLatent(nn.Module):
    """Joins a learned embedding of the class to z; with no classes it hands z on.

    A few thousand weights, once a sample: conditional batch norm (Dumoulin et al., 2017) costs a table a layer and
    takes normalisation out of its fused kernel, for the same information.

    Shape: (B, latent_dim), (B,) int64 or None -> (B, out_dim).
    """

    def __init__(self, latent_dim: int, num_classes: int | None) -> None:
        super().__init__()
        self.embed = None if num_classes is None else nn.Embedding(num_classes, latent_dim)
        if self.embed is not None:
            # as loud as z, the class drowns it: samples of one class then come out alike, and stay so
            nn.init.normal_(self.embed.weight, std=0.1)
        self.out_dim = latent_dim if num_classes is None else 2 * latent_dim

    def forward(self, z: Tensor, condition: Tensor | None) -> Tensor:
        if self.embed is None:
            return z
        if condition is None:
            raise ValueError(f"a generator of {self.embed.num_embeddings} classes needs a condition (B,)")
        return torch.cat([z, self.embed(condition).to(z.dtype)], 1)
