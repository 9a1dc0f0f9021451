"""The decoder of Llama and its kin, Qwen and Mistral: rotary positions, grouped queries, gated units."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mintage.errors import SpecError
from mintage.layers.causal_attention import causal_attention, fits, start_small
from mintage.layers.memory import Memory
from mintage.layers.rotary import Rotary, Stretch

__all__ = ["Llama", "LlamaSizes"]


@dataclass(frozen=True, kw_only=True)
class LlamaSizes:
    """What tells one network of this family from another."""

    num_tokens: int
    context: int
    width: int
    hidden: int  # units between the two halves of an MLP
    layers: int
    heads: int
    groups: int  # heads of keys and values; fewer than `heads`: they are shared
    head_dim: int
    base: float = 10_000.0  # of the rotary positions
    stretch: Stretch | None = None
    eps: float = 1e-6
    qkv_bias: bool = False  # Qwen2
    out_bias: bool = False
    qk_norm: bool = False  # Qwen3
    tied: bool = True  # the embedding is the head


class Llama(nn.Module):
    """A language model in the form of Llama (Touvron et al., 2023), which Qwen2, Qwen3 and Mistral share.

    Root mean square norms before each half of a block, rotary positions, queries that share keys in groups, SwiGLU.
    Choose it where the weights must be read by other programs, or come from them. `context` may be lowered at any
    time; `dropout` falls on what each half of a block adds.

    Shape: (B, T) int64 -> (B, T, V) float32.

    Raises:
        SpecError: heads that cannot be divided into the groups, or more tokens than the context.
    """

    def __init__(self, sizes: LlamaSizes, dropout: float = 0.0) -> None:
        super().__init__()
        if sizes.heads % sizes.groups:
            raise SpecError(f"{sizes.heads} heads cannot share {sizes.groups} keys. Choose a number that divides them.")
        self.sizes, self.num_tokens, self.context = sizes, sizes.num_tokens, sizes.context
        self.embedding = nn.Embedding(sizes.num_tokens, sizes.width)
        self.rotary = Rotary(sizes.head_dim, sizes.context, sizes.base, sizes.stretch)
        self.blocks = nn.ModuleList(_Block(sizes, dropout) for _ in range(sizes.layers))
        self.norm = nn.RMSNorm(sizes.width, sizes.eps)
        self.head = None if sizes.tied else nn.Linear(sizes.width, sizes.num_tokens, bias=False)
        start_small(self, sizes.layers)

    def forward(self, tokens: Tensor) -> Tensor:
        fits(tokens, 0, self.context)
        return self._logits(self._states(tokens, None))

    def memory(self, rows: int) -> Memory:
        """An empty memory with room for the context of `rows` sequences."""
        sizes = self.sizes
        return Memory.empty(
            rows,
            self.context,
            layers=sizes.layers,
            heads=sizes.groups,
            dim=sizes.head_dim,
            like=self.embedding.weight,
        )

    @torch.no_grad()
    def read(self, tokens: Tensor, memory: Memory) -> Tensor:
        """Logits of what follows the tokens in memory and these, which are kept there. Shape: (B, T) -> (B, V).

        Raises:
            SpecError: the memory has no room for them.
        """
        fits(tokens, memory.length, memory.capacity)
        states = self._states(tokens, memory)
        memory.advance(tokens)
        return self._logits(states[:, -1])

    def _states(self, tokens: Tensor, memory: Memory | None) -> Tensor:
        x = self.embedding(tokens)  # (B, T, width)
        for index, block in enumerate(self.blocks):
            x = block(x, index, self.rotary, memory)
        normed: Tensor = self.norm(x)
        return normed

    def _logits(self, states: Tensor) -> Tensor:
        return F.linear(states, self.embedding.weight if self.head is None else self.head.weight).float()


class _Block(nn.Module):
    def __init__(self, sizes: LlamaSizes, dropout: float) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(sizes.width, sizes.eps)
        self.attention = _Attention(sizes)
        self.mlp_norm = nn.RMSNorm(sizes.width, sizes.eps)
        self.mlp = _SwiGLU(sizes.width, sizes.hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, index: int, rotary: Rotary, memory: Memory | None) -> Tensor:
        x = x + self.dropout(self.attention(self.attention_norm(x), index, rotary, memory))
        added: Tensor = self.dropout(self.mlp(self.mlp_norm(x)))
        return x + added


class _Attention(nn.Module):
    def __init__(self, sizes: LlamaSizes) -> None:
        super().__init__()
        self.dim = sizes.head_dim
        asked, kept = sizes.heads * sizes.head_dim, sizes.groups * sizes.head_dim
        self.q = nn.Linear(sizes.width, asked, bias=sizes.qkv_bias)
        self.k = nn.Linear(sizes.width, kept, bias=sizes.qkv_bias)
        self.v = nn.Linear(sizes.width, kept, bias=sizes.qkv_bias)
        self.out = nn.Linear(asked, sizes.width, bias=sizes.out_bias)
        self.q_norm = nn.RMSNorm(self.dim, sizes.eps) if sizes.qk_norm else nn.Identity()
        self.k_norm = nn.RMSNorm(self.dim, sizes.eps) if sizes.qk_norm else nn.Identity()

    def forward(self, x: Tensor, index: int, rotary: Rotary, memory: Memory | None) -> Tensor:
        first = 0 if memory is None else memory.length
        heads = (*x.shape[:2], -1, self.dim)
        queries = rotary(self.q_norm(self.q(x).view(heads)).transpose(1, 2), first)  # (B, heads, T, D)
        keys = rotary(self.k_norm(self.k(x).view(heads)).transpose(1, 2), first)  # (B, groups, T, D)
        values = self.v(x).view(heads).transpose(1, 2)
        if memory is not None:
            keys, values = memory.extend(index, keys, values)
        mixed: Tensor = self.out(causal_attention(queries, keys, values))
        return mixed


class _SwiGLU(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.gate, self.up = nn.Linear(width, hidden, bias=False), nn.Linear(width, hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        mapped: Tensor = self.down(F.silu(self.gate(x)) * self.up(x))
        return mapped
