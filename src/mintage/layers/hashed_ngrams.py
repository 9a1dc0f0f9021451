"""Embeddings of the last few tokens together, looked up by hash: what follows a short context is remembered at once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["HashedNgrams"]

_FACTOR, _STEP = 0x9E3779B97F4A7C1, 1009  # odd, and a prime: neither needs to be more than that
_LATE, _MIDDLE = 7, 29  # bits that a product has mixed well


class HashedNgrams(nn.Module):
    """A row for the n tokens that end at each place, for every n of `orders`; contexts of one hash share a row.

    Small networks spend their first passes over a text on counting which letter follows which few. A table does it
    with one row a context (Huang et al., 2021, add such rows to a transformer). Rows begin at zero, and only those
    that a batch meets have gradients (sparse): let them learn by the rule "rows".

    Shape: tokens (B, P + T) of which the last T are asked for -> (B, T, dim).
    """

    def __init__(self, orders: Sequence[int], slots: int, dim: int, num_tokens: int) -> None:
        super().__init__()
        self.orders, self.slots, self.start = tuple(orders), slots, num_tokens
        self.table = nn.Embedding(slots * len(self.orders), dim, sparse=True)
        nn.init.zeros_(self.table.weight)

    @property
    def reach(self) -> int:
        """How many tokens before a place are looked at."""
        return max(self.orders) - 1

    def forward(self, tokens: Tensor, count: int) -> Tensor:
        places = torch.stack(self.places(tokens, count), -1)  # (B, T, orders)
        return self.table(places).sum(-2)  # type: ignore[no-any-return]

    def places(self, tokens: Tensor, count: int) -> list[Tensor]:
        """The row of each order's n-gram that ends at each of the last `count` tokens. Shape: (B, T) int64 each."""
        missing = max(self.reach + count - tokens.shape[1], 0)
        padded = F.pad(tokens, (missing, 0), value=self.start)[:, -(self.reach + count) :]
        found: list[Tensor] = []
        mixed = torch.zeros_like(padded[:, :count])
        for back in range(self.reach + 1):
            token = padded[:, self.reach - back : self.reach - back + count]
            mixed = (mixed ^ (token + 1 + back * _STEP)) * _FACTOR
            mixed = mixed ^ (mixed >> _MIDDLE)
            if back + 1 in self.orders:
                found.append((mixed >> _LATE) % self.slots + len(found) * self.slots)
        return found
