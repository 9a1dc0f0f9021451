"""A language model as a sampler: uniform numbers in, tokens out, so that a seed names a text."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn

from mintage.contracts import LanguageModel

__all__ = ["WritingSampler"]


class WritingSampler(nn.Module):
    """Plain sampling at temperature 1, from a prompt that stands in `condition` or from one token.

    Shape: noise (n, T) uniform in [0, 1), condition (n, P) tokens or None -> (n, T) int64.
    """

    chunk = 8  # texts that are written at once

    def __init__(self, writer: LanguageModel, first: int = 0) -> None:
        super().__init__()
        self.writer, self.first = writer, first

    def noise(self, n: int, rng: Generator) -> Tensor:
        """The chance of n texts of a context's length. Shape: (n, context)."""
        return torch.rand(n, self.writer.context, generator=rng)

    def forward(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        raise NotImplementedError
