"""Rotary positions: queries and keys turned by where their tokens stand, so that attention sees distances."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn

from mintage.errors import SpecError

__all__ = ["Rotary", "Stretch"]


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """How Llama 3.1 and its successors read further than they first learned to: slow turns are made slower still.

    Turns with a wavelength below `trained / high` tokens stay, those above `trained / low` are slowed by `factor`, and
    those between go over smoothly.
    """

    factor: float
    low: float  # turns within the first context, at and below which a frequency is slowed in full
    high: float  # turns within the first context, at and above which it stays
    trained: int  # tokens of the first context

    def __call__(self, frequencies: Tensor) -> Tensor:
        """The slowed frequencies, in radians a token."""
        turns = frequencies * self.trained / (2 * math.pi)
        kept = ((turns - self.low) / (self.high - self.low)).clamp(0, 1)
        return kept * frequencies + (1 - kept) * frequencies / self.factor


class Rotary(nn.Module):
    """Rotary position embedding (Su et al., 2021), in the layout of Llama: halves of a head are turned together.

    The angles of `capacity` positions are computed once, whatever device the network is built on; they are no part of
    its state, and stay float32 in a network of other numbers.

    Shape: (B, heads, T, dim), first -> the same, the T tokens standing at positions first, ..., first + T - 1.

    Raises:
        SpecError: an odd `dim`, or positions beyond the capacity.

    >>> rotary = Rotary(8, capacity=16)
    >>> query, key = torch.randn(2, 1, 1, 1, 8)
    >>> near = (rotary(query, 3) * rotary(key, 1)).sum()
    >>> far = (rotary(query, 12) * rotary(key, 10)).sum()  # the same distance, the same score
    >>> torch.allclose(near, far, atol=1e-5)
    True
    """

    cos: Tensor  # (capacity, dim)
    sin: Tensor  # (capacity, dim), negative in the first half: a half-turn of the features then needs no sign

    def __init__(self, dim: int, capacity: int, base: float = 10_000.0, stretch: Stretch | None = None) -> None:
        super().__init__()
        if dim % 2:
            raise SpecError(f"Rotary positions turn pairs of features, but a head has {dim}. Choose an even width.")
        self.capacity, self._half = capacity, dim // 2
        steps = torch.arange(0, dim, 2, dtype=torch.float64, device="cpu") / dim
        frequencies = (base**-steps).float()
        if stretch is not None:
            frequencies = stretch(frequencies)
        angles = torch.arange(capacity, dtype=torch.float32, device="cpu")[:, None] * frequencies  # (capacity, dim / 2)
        cos, sin = angles.cos(), angles.sin()
        self.register_buffer("cos", torch.cat([cos, cos], 1), persistent=False)
        self.register_buffer("sin", torch.cat([-sin, sin], 1), persistent=False)

    def forward(self, x: Tensor, first: int = 0) -> Tensor:
        stop = first + x.shape[2]
        if stop > self.capacity:
            raise SpecError(
                f"Tokens up to position {stop} were given, but there are angles for {self.capacity}. "
                "Read fewer tokens at a time, or build the network with a longer context."
            )
        cos, sin = (table[first:stop].to(x.dtype) for table in (self.cos, self.sin))
        return torch.addcmul(x * cos, x.roll(self._half, -1), sin)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        exact = self.cos, self.sin
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        if self.cos.dtype != torch.float32:  # another device is wanted, coarser angles are not: they would stay so
            self.cos, self.sin = (table.to(self.cos.device) for table in exact)
        return self
