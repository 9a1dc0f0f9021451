"""Two small language models: a table of what follows what, and a transformer."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from mintage.layers.memory import Memory


class Chain(nn.Module):
    """Says what comes next by the last token alone: logits by a table."""

    def __init__(self, table: Tensor, context: int = 16) -> None:
        super().__init__()
        self.table, self.context, self.num_tokens = table, context, len(table)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.table[tokens]

    def memory(self, rows: int) -> Memory:
        return Memory.empty(rows, self.context, layers=0, heads=1, dim=1, like=self.table)

    def read(self, tokens: Tensor, memory: Memory) -> Tensor:
        assert memory.length + tokens.shape[1] <= self.context
        memory.advance(tokens)
        return self.table[tokens[:, -1]]


class Toy(nn.Module):
    """A transformer with learned positions; dropout shows whether it is in evaluation mode."""

    def __init__(self, num_tokens: int, *, layers: int = 2, width: int = 32, heads: int = 4, context: int = 24) -> None:
        super().__init__()
        self.num_tokens, self.context, self.heads = num_tokens, context, heads
        self.of_token, self.of_place = nn.Embedding(num_tokens, width), nn.Embedding(context, width)
        self.before = nn.ModuleList(nn.LayerNorm(width) for _ in range(2 * layers))
        self.joint = nn.ModuleList(nn.Linear(width, 3 * width) for _ in range(layers))
        self.out = nn.ModuleList(nn.Linear(width, width) for _ in range(layers))
        self.wide = nn.ModuleList(nn.Linear(width, 4 * width) for _ in range(layers))
        self.narrow = nn.ModuleList(nn.Linear(4 * width, width) for _ in range(layers))
        self.head = nn.Linear(width, num_tokens)
        self.dropout = nn.Dropout(0.5)

    def memory(self, rows: int) -> Memory:
        dim = self.out[0].weight.shape[0] // self.heads
        like = self.head.weight
        return Memory.empty(rows, self.context, layers=len(self.out), heads=self.heads, dim=dim, like=like)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self._states(tokens, self.memory(len(tokens))))

    def read(self, tokens: Tensor, memory: Memory) -> Tensor:
        return self.head(self._states(tokens, memory)[:, -1])

    def _states(self, tokens: Tensor, memory: Memory) -> Tensor:
        rows, new = tokens.shape
        assert new == 1 or memory.length == 0
        x = self.of_token(tokens) + self.of_place.weight[memory.length : memory.length + new]
        x = self.dropout(x)
        for layer in range(len(self.out)):
            q, k, v = self.joint[layer](self.before[2 * layer](x)).view(rows, new, 3 * self.heads, -1).chunk(3, 2)
            k, v = memory.extend(layer, k.transpose(1, 2), v.transpose(1, 2))
            mixed = F.scaled_dot_product_attention(q.transpose(1, 2), k, v, is_causal=new > 1)
            x = x + self.out[layer](mixed.transpose(1, 2).reshape(rows, new, -1))
            x = x + self.narrow[layer](F.gelu(self.wide[layer](self.before[2 * layer + 1](x))))
        memory.advance(tokens)
        return x
