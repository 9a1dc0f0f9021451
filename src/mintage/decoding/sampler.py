"""A language model as a sampler: uniform numbers in, tokens out, so that a seed names a text."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from mintage.contracts import LanguageModel
from mintage.decoding.choice import Decoding
from mintage.decoding.writer import CHUNK, write

__all__ = ["Priced", "WritingSampler", "costs_of", "mean_nats"]


def costs_of(writer: nn.Module, tokens: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """What each target costs a writer's network alone, and the writer, given those before it; often the same.

    Shape: (B, T), (B, T) -> (B, T), (B, T).
    """
    if isinstance(writer, Priced):
        return writer.costs(tokens, targets)
    logits = writer(tokens).flatten(0, 1).float()
    nats = F.cross_entropy(logits, targets.flatten(), reduction="none").view_as(targets)
    return nats, nats


def mean_nats(nats: Tensor, mask: Tensor | None) -> Tensor:
    """The mean over a batch's targets, of windows with a mask under it alone. Shape: (B, T), (B, T + 1) -> ()."""
    if mask is None:
        return nats.mean()
    counted = mask[:, 1:]
    return (nats * counted).sum() / counted.sum().clamp_min(1)


@runtime_checkable
class Priced(Protocol):
    """A writer that knows what targets cost without saying how likely everything else is."""

    def costs(self, tokens: Tensor, targets: Tensor, counted: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Nats of the network alone, and mixed with its counts, or with what is `counted`. Shape: (B, T) each."""


class WritingSampler(nn.Module):
    """Plain sampling: each token as likely as the writer says, after a first one or after a prompt.

    Texts run on over the ends of documents, as the windows do that the writer learned from. What decides otherwise
    (temperature, cuts, templates) is `decoding.writer.write`.

    Shape: noise (n, T) in [0, 1), condition (n, P) tokens, the same in each row, or None -> (n, T) int64.
    """

    chunk = CHUNK  # texts that are written at once

    def __init__(self, writer: nn.Module, context: int, first: int) -> None:
        super().__init__()
        self.writer, self.context, self.first = writer, context, first

    def noise(self, n: int, rng: Generator) -> Tensor:
        """The chance of n texts that fill a context. Shape: (n, context)."""
        return torch.rand(n, self.context, generator=rng)

    def forward(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        prompt = torch.tensor([self.first]) if condition is None else condition[0]
        model: LanguageModel = self.writer  # type: ignore[assignment]
        return torch.stack(write(model, prompt, noise, Decoding(length=noise.shape[1]), alone=False).tokens)
