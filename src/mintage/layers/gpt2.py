"""The decoder of GPT-2: learned positions, layer norms, a head that is the embedding."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mintage.errors import SpecError
from mintage.layers.causal_attention import causal_attention, fits, start_small
from mintage.layers.memory import Memory
from mintage.layers.one_token import columns

__all__ = ["GPT2", "GPT2Sizes"]


@dataclass(frozen=True, kw_only=True)
class GPT2Sizes:
    """What tells one GPT-2 from another."""

    num_tokens: int
    context: int
    width: int
    hidden: int  # units between the two halves of an MLP
    layers: int
    heads: int
    eps: float = 1e-5
    tied: bool = True  # the embedding is the head


class GPT2(nn.Module):
    """The language model of GPT-2 (Radford et al., 2019).

    Choose it where weights in this form are to be read or written; for a network of one's own, rotary positions learn
    faster. `context` may be lowered at any time; `dropout` falls on the embedding and on what each half of a block
    adds.

    Shape: (B, T) int64 -> (B, T, V) float32.

    Raises:
        SpecError: a width that the heads cannot share, or more tokens than the context.
    """

    def __init__(self, sizes: GPT2Sizes, dropout: float = 0.0) -> None:
        super().__init__()
        if sizes.width % sizes.heads:
            raise SpecError(f"{sizes.heads} heads cannot share a width of {sizes.width}. Choose a divisor.")
        self.sizes, self.num_tokens, self.context = sizes, sizes.num_tokens, sizes.context
        self.embedding = nn.Embedding(sizes.num_tokens, sizes.width)
        self.positions = nn.Embedding(sizes.context, sizes.width)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(_Block(sizes, dropout) for _ in range(sizes.layers))
        self.norm = nn.LayerNorm(sizes.width, sizes.eps)
        self.head = None if sizes.tied else nn.Linear(sizes.width, sizes.num_tokens, bias=False)
        start_small(self, sizes.layers)

    def forward(self, tokens: Tensor) -> Tensor:
        fits(tokens, 0, self.context)
        return self._logits(self._states(tokens, None))

    def memory(self, rows: int) -> Memory:
        """An empty memory with room for the context of `rows` sequences."""
        heads = self.sizes.heads
        return Memory.empty(
            rows,
            self.context,
            layers=self.sizes.layers,
            heads=heads,
            dim=self.sizes.width // heads,
            like=self.embedding.weight,
        )

    @torch.no_grad()
    def read(self, tokens: Tensor, memory: Memory) -> Tensor:
        """Logits of what follows the tokens in memory and these, which are kept there. Shape: (B, T) -> (B, V).

        Raises:
            SpecError: the memory has no room for them.
        """
        fits(tokens, memory.length, memory.capacity)
        if tokens.shape[1] == 1 and not self.training and not torch.is_autocast_enabled(tokens.device.type):
            return self._one_token(tokens[:, 0], memory)
        states = self._states(tokens, memory)
        memory.advance(tokens)
        return self._logits(states[:, -1])

    def _states(self, tokens: Tensor, memory: Memory | None) -> Tensor:
        first = 0 if memory is None else memory.length
        places = self.positions.weight[first : first + tokens.shape[1]]  # (T, width)
        x = self.dropout(self.embedding(tokens) + places)  # (B, T, width)
        for index, block in enumerate(self.blocks):
            x = block(x, index, memory)
        normed: Tensor = self.norm(x)
        return normed

    def _one_token(self, tokens: Tensor, memory: Memory) -> Tensor:
        """`read` of one token a row in fewer operations and no call of a module: they cost most in a small network."""
        rows, place, (width, eps) = tokens.shape[0], memory.length, (self.sizes.width, self.sizes.eps)
        heads = (rows, self.sizes.heads, 1, width // self.sizes.heads)
        x = self.embedding.weight.index_select(0, tokens) + self.positions.weight[place]
        memory.ready = memory.ready or _ready(self)
        stop = place + 1
        all_keys, all_values = memory.keys[:, :, :, :stop].unbind(), memory.values[:, :, :, :stop].unbind()
        new_keys, new_values = memory.keys[:, :, :, place:stop].unbind(), memory.values[:, :, :, place:stop].unbind()
        blocks, (last_gain, last_shift), head = memory.ready
        for depth, (norm, qkv, out, other, up, down) in enumerate(blocks):
            joint = torch.addmm(qkv[1], torch.layer_norm(x, (width,), norm[0], norm[1], eps), qkv[0])
            query, key, value = joint.chunk(3, 1)
            new_keys[depth].copy_(key.view(heads))
            new_values[depth].copy_(value.view(heads))
            seen = F.scaled_dot_product_attention(query.view(heads), all_keys[depth], all_values[depth])
            x = torch.addmm(x + out[1], seen.view(rows, width), out[0])
            hidden = torch.addmm(up[1], torch.layer_norm(x, (width,), other[0], other[1], eps), up[0])
            x = torch.addmm(x + down[1], F.gelu(hidden, approximate="tanh"), down[0])
        memory.advance(tokens[:, None])
        return torch.mm(torch.layer_norm(x, (width,), last_gain, last_shift, eps), head).float()

    def _logits(self, states: Tensor) -> Tensor:
        return F.linear(states, self.embedding.weight if self.head is None else self.head.weight).float()


class _Block(nn.Module):
    def __init__(self, sizes: GPT2Sizes, dropout: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(sizes.width, sizes.eps)
        self.attention = _Attention(sizes)
        self.mlp_norm = nn.LayerNorm(sizes.width, sizes.eps)
        self.mlp = _MLP(sizes.width, sizes.hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, index: int, memory: Memory | None) -> Tensor:
        x = x + self.dropout(self.attention(self.attention_norm(x), index, memory))
        added: Tensor = self.dropout(self.mlp(self.mlp_norm(x)))
        return x + added


class _Attention(nn.Module):
    def __init__(self, sizes: GPT2Sizes) -> None:
        super().__init__()
        self.heads = sizes.heads
        self.qkv = nn.Linear(sizes.width, 3 * sizes.width)
        self.out = nn.Linear(sizes.width, sizes.width)

    def forward(self, x: Tensor, index: int, memory: Memory | None) -> Tensor:
        parts = self.qkv(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        queries, keys, values = parts.unbind(0)  # (B, heads, T, D)
        if memory is not None:
            keys, values = memory.extend(index, keys, values)
        mixed: Tensor = self.out(causal_attention(queries, keys, values))
        return mixed


class _MLP(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        mapped: Tensor = self.down(F.gelu(self.up(x), approximate="tanh"))
        return mapped


def _ready(network: GPT2) -> tuple[list[tuple[tuple[Tensor, Tensor], ...]], tuple[Tensor, Tensor], Tensor]:
    """Weights as one token at a time is multiplied by them: (weight, bias) of each part of each block, norm, head."""

    def pair(layer: nn.LayerNorm | nn.Linear) -> tuple[Tensor, Tensor]:
        return (columns(layer) if isinstance(layer, nn.Linear) else layer.weight), layer.bias

    blocks = []
    for block in network.blocks:
        assert isinstance(block, _Block)
        attention, mlp = block.attention, block.mlp
        parts = (block.attention_norm, attention.qkv, attention.out, block.mlp_norm, mlp.up, mlp.down)
        blocks.append(tuple(pair(part) for part in parts))
    head = network.embedding.weight.T if network.head is None else columns(network.head)
    return blocks, pair(network.norm), head
