"""Embeddings of the last few tokens together, looked up by hash: what follows a short context is remembered at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

__all__ = ["HashedNgrams"]

_FACTOR, _STEP = 0x9E3779B97F4A7C1, 1009  # odd, and a prime: neither needs to be more than that
_LATE, _MIDDLE = 7, 29  # bits that a product has mixed well
_SIGN, _ALL = 1 << 63, (1 << 64) - 1  # products wrap as those of int64 do
_ROWS, _VALUES, _SCALES = "rows", "values", "scales"


class HashedNgrams(nn.Module):
    """A row for the n tokens that end at each place, for every n of `orders`; contexts of one hash share a row.

    Small networks spend their first passes over a text on counting which letter follows which few. A table does it
    with one row a context (Huang et al., 2021, add such rows to a transformer). Rows begin at zero, and only those
    that a batch meets have gradients (sparse): let them learn by the rule "rows".

    With `compact` the state is the rows that are not zero alone, each in bytes times one number, a quarter of their
    size; such a state can be loaded whatever `compact` is.

    Shape: tokens (B, P + T) of which the last T are asked for -> (B, T, dim).
    """

    def __init__(self, orders: Sequence[int], slots: int, dim: int, num_tokens: int) -> None:
        super().__init__()
        self.orders, self.slots, self.start = tuple(orders), slots, num_tokens
        self.compact = False
        self.table = nn.Embedding(slots * len(self.orders), dim, sparse=True)
        nn.init.zeros_(self.table.weight)

    @property
    def reach(self) -> int:
        """How many tokens before a place are looked at."""
        return max(self.orders) - 1

    def forward(self, tokens: Tensor, count: int) -> Tensor:
        places = torch.stack(self.places(tokens, count), -1)  # (B, T, orders)
        summed = cast(Tensor, _Summed.apply(places.flatten(0, 1), self.table.weight))  # type: ignore[no-untyped-call]
        return summed.view(*places.shape[:2], -1)

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

    def last(self, tokens: Tensor) -> Tensor:
        """The sum of the rows at the last place alone, by plain arithmetic. Shape: (B, P + 1) -> (B, dim)."""
        rows = [self._places_of(row) for row in tokens[:, -self.reach - 1 :].tolist()]
        places = torch.tensor(rows, device=tokens.device)
        return torch.embedding_bag(self.table.weight, places.flatten(), self._bags(len(rows), tokens.device))[0]

    def _bags(self, rows: int, device: torch.device) -> Tensor:
        return torch.arange(0, rows * len(self.orders), len(self.orders), device=device)

    def _places_of(self, tokens: list[int]) -> list[int]:
        """`places` of one row's last token, in Python's numbers: a few dozen tensors of one number take far longer."""
        found: list[int] = []
        mixed, missing = 0, self.reach + 1 - len(tokens)
        for back, token in enumerate(reversed([self.start] * missing + tokens)):
            mixed = ((mixed ^ (token + 1 + back * _STEP)) * _FACTOR + _SIGN & _ALL) - _SIGN
            mixed ^= mixed >> _MIDDLE
            if back + 1 in self.orders:
                found.append((mixed >> _LATE) % self.slots + len(found) * self.slots)
        return found

    def state_dict(self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """Of `nn.Module`; compact where that is asked for."""
        if not self.compact:
            return super().state_dict(*args, destination=destination, prefix=prefix, keep_vars=keep_vars)
        state = {} if destination is None else destination
        table = self.table.weight.detach()
        largest = table.abs().amax(1)
        rows = largest.ne(0).nonzero()[:, 0]  # what is not a number is kept, to be seen
        scales = largest[rows] / 127
        values = (table[rows] / scales[:, None]).round_().nan_to_num_(0.0)
        state[prefix + _ROWS], state[prefix + _SCALES] = rows.int(), scales
        state[prefix + _VALUES] = values.clamp_(-127, 127).to(torch.int8)
        return state

    def _load_from_state_dict(self, state: dict[str, Tensor], prefix: str, *more: Any) -> None:
        names = [prefix + name for name in (_ROWS, _VALUES, _SCALES)]
        if all(name in state for name in names):
            rows, values, scales = (state.pop(name) for name in names)
            table = torch.zeros_like(self.table.weight)
            table[rows.long()] = (values.to(table.dtype) * scales[:, None].to(table.dtype)).to(table.device)
            state[prefix + "table.weight"] = table
        super()._load_from_state_dict(state, prefix, *more)


class _Summed(torch.autograd.Function):
    """The sum of each token's rows; the gradient is sparse, with every row once. Shape: (N, orders) -> (N, F)."""

    @staticmethod
    def forward(ctx: Any, places: Tensor, table: Tensor) -> Tensor:
        ctx.save_for_backward(places)
        ctx.shape = table.shape
        return F.embedding_bag(places, table, mode="sum")

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, Tensor]:
        (places,) = ctx.saved_tensors
        ordered, order = places.flatten().sort(stable=True)
        rows, counts = ordered.unique_consecutive(return_counts=True)
        met = order.div_(places.shape[1], rounding_mode="floor")  # the tokens that met each row, row after row
        values = F.embedding_bag(met, gradient.contiguous(), counts.cumsum(0) - counts, mode="sum")
        return None, torch.sparse_coo_tensor(rows[None], values, ctx.shape, is_coalesced=True, check_invariants=False)
