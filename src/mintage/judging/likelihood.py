"""What held-out text costs a writer: nats of every token, each counted once, in windows that overlap or do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor, nn

from mintage.data.text_view import TextView
from mintage.decoding.sampler import costs_of

__all__ = ["TokenNats", "token_nats"]

_AT_ONCE = 4_096  # tokens of a forward pass, about


@dataclass(frozen=True, eq=False)
class TokenNats:
    """Nats by token, in the order of the text."""

    nats: Tensor  # (N,) float32
    alone: Tensor  # (N,) by the writer's network without the counts that it may stand beside
    tokens: Tensor  # (N,) int64: what was foretold
    stride: int

    @property
    def mean(self) -> float:
        """Nats a token."""
        return float(self.nats.double().mean())


@torch.inference_mode()
def token_nats(writer: nn.Module, view: TextView, *, stride: int, most: int | None = None) -> TokenNats:
    """Score a part of a text, or its first `most` tokens: a pure function of the weights and the text.

    With `stride` = context windows stand end to end, and a token has half a context to go by on average; smaller
    strides give each token more, cost more, and come out lower.
    """
    device = next(writer.parameters()).device
    training = writer.training
    writer.eval()
    nats, alone, tokens = [], [], []
    windows = view.strides(stride)
    if most is not None:
        windows = islice(windows, max(1, most // max(stride, 1)))
    for some in _batched(windows, max(1, _AT_ONCE // max(view.length, 1))):
        x = torch.stack([window for window, _ in some]).to(device)
        own, cost = costs_of(writer, x[:, :-1], x[:, 1:])
        for row, (window, first) in enumerate(some):
            nats.append(cost[row, first:].cpu())
            alone.append(own[row, first:].cpu())
            tokens.append(window[1 + first :])
    writer.train(training)
    return TokenNats(torch.cat(nats), torch.cat(alone), torch.cat(tokens), stride)


def _batched(windows: Iterator[tuple[Tensor, int]], size: int) -> Iterator[list[tuple[Tensor, int]]]:
    while some := list(islice(windows, size)):
        yield some
