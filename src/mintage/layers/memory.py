"""What a language model keeps of the tokens that it has read: their keys and values, so that none is read twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor

__all__ = ["Memory"]


@dataclass(eq=False)
class Memory:
    """Preallocated keys and values of every layer, and the tokens themselves; all rows hold equally many.

    A forward pass over T new tokens gives each layer's to `extend`, and ends with `advance`.
    """

    keys: Tensor  # (layers, B, heads, capacity, D)
    values: Tensor  # (layers, B, heads, capacity, D)
    tokens: Tensor  # (B, capacity) int64
    length: int = 0  # tokens that every row holds
    ready: Any = None  # what the network has put together to read on; a memory is of one state of its weights

    @classmethod
    def empty(cls, rows: int, capacity: int, *, layers: int, heads: int, dim: int, like: Tensor) -> Self:
        """Room for `capacity` tokens of `rows` sequences, in the numbers and on the device of `like`."""
        shape = (layers, rows, heads, capacity, dim)
        tokens = torch.zeros(rows, capacity, dtype=torch.int64, device=like.device)
        return cls(like.new_zeros(shape), like.new_zeros(shape), tokens)

    @property
    def capacity(self) -> int:
        """How many tokens there is room for."""
        return self.tokens.shape[1]

    def extend(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Keep a layer's new keys and values, return all it has. Shape: (B, heads, T, D) -> (B, heads, L + T, D)."""
        stop = self.length + keys.shape[2]
        self.keys[layer, :, :, self.length : stop] = keys
        self.values[layer, :, :, self.length : stop] = values
        return self.keys[layer, :, :, :stop], self.values[layer, :, :, :stop]

    def advance(self, tokens: Tensor) -> None:
        """Say that the tokens whose keys and values every layer has kept are read. Shape: (B, T)."""
        self.tokens[:, self.length : self.length + tokens.shape[1]] = tokens
        self.length += tokens.shape[1]

    def clear(self) -> None:
        """Forget everything; the room stays."""
        self.length = 0

    def repeated(self, rows: int) -> Memory:
        """The memory of one sequence for as many that go on from it; what is kept is copied."""

        def many(kept: Tensor, axis: int) -> Tensor:
            return kept.repeat_interleave(rows, axis)

        return Memory(many(self.keys, 1), many(self.values, 1), many(self.tokens, 0), self.length, self.ready)
