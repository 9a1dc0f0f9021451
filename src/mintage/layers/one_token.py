"""One more token through a small transformer: the numbers of a full pass, in as few operations as there can be.

Where a network is small, a token costs what its operations cost to start, not what they compute; so weights are put
together once, and no module is called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mintage.layers.lora import LoRALinear
from mintage.layers.memory import Memory
from mintage.layers.rotary import Rotary

__all__ = ["Block", "OneToken", "columns"]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """The weights of a block, as they are multiplied by rows whose Euclidean length is one."""

    mix: tuple[float, float]  # of the stream, of its start
    joint: Tensor  # (F, 3 F + gates): queries, keys, values, and what opens the values' embeddings
    attended: Tensor  # (F, F)
    wide: Tensor  # (F, 4 F)
    narrow: Tensor  # (4 F, F)
    values_of: Tensor | None  # (V, F): what a gate that is open adds to a token's values


class OneToken:
    """A step of the network, after which the memory is one longer.

    Shape: embeddings (B, F) of tokens (B,) after those in a memory -> features (B, F) and logits (B, V).
    """

    def __init__(
        self,
        blocks: Sequence[Block],
        head: Tensor,  # (F, V)
        rotary: Rotary,
        *,
        scale: float,  # of attention
        cap: float,  # of logits; 0: none
    ) -> None:
        self.blocks, self.cap = blocks, cap
        self.head = head / cap if cap else head
        dim = rotary.cos.shape[1]
        self.width, self.dim, self.heads = head.shape[0], dim, head.shape[0] // dim
        place = torch.eye(dim, device=head.device)
        swapped = place.roll(dim // 2, 0)  # (row, column): what moves to a column comes from half a head away
        self.turns = place * rotary.cos[:, None].to(head.dtype) + swapped * rotary.sin[:, None].to(head.dtype)
        gains = [scale * dim**0.5] * self.heads + [dim**0.5] * self.heads
        eps = torch.finfo(head.dtype).eps  # what normalisation adds to the mean square
        self.least, self.least_of_head = head.new_tensor([(len(head) * eps) ** 0.5, (dim * eps) ** 0.5])
        self.gains = head.new_tensor(gains)[:, None]  # (2 heads, 1): queries carry the scale of attention

    def __call__(self, embedded: Tensor, tokens: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        rows, place, width = tokens.shape[0], memory.length, self.width
        heads = (rows, self.heads, self.dim)
        x = start = self._unit(embedded).mul_(width**0.5)
        turn = self.turns[place]
        new_keys, new_values = memory.keys[:, :, :, place].unbind(), memory.values[:, :, :, place].unbind()
        all_keys = memory.keys[:, :, :, : place + 1].unbind()
        all_values = memory.values[:, :, :, : place + 1].unbind()
        for depth, block in enumerate(self.blocks):
            x = torch.add(x * block.mix[0], start, alpha=block.mix[1])
            joint = torch.mm(self._unit(x), block.joint)
            turned = torch.mm(joint[:, : 2 * width].reshape(-1, self.dim), turn).view(rows, 2 * self.heads, self.dim)
            turned = turned * (self.gains / _size(turned, self.least_of_head))
            query, key = turned.chunk(2, 1)
            new_keys[depth].copy_(key)
            values = joint[:, 2 * width : 3 * width].view(heads)
            if block.values_of is None:
                new_values[depth].copy_(values)
            else:
                added = block.values_of.index_select(0, tokens).view(heads)
                opened = joint[:, 3 * width :].sigmoid().unsqueeze(2)
                torch.addcmul(values, opened, added, out=new_values[depth])
            seen = F.scaled_dot_product_attention(query.unsqueeze(2), all_keys[depth], all_values[depth], scale=1.0)
            x = torch.addmm(x, seen.view(rows, width), block.attended)
            hidden = torch.mm(self._unit(x), block.wide).relu_()
            x = torch.addmm(x, hidden * hidden, block.narrow)
        x = self._unit(x)
        logits = torch.mm(x, self.head)
        memory.advance(tokens[:, None])
        return x * self.width**0.5, logits.tanh_().mul_(self.cap) if self.cap else logits

    def _unit(self, x: Tensor) -> Tensor:
        """Rows of length one."""
        return x / _size(x, self.least)


def columns(layer: nn.Module) -> Tensor:
    """The weight that rows are multiplied by, with an adapter's part added. Shape: (in, out)."""
    assert isinstance(layer, nn.Linear)
    weight = layer.merged().weight.to(layer.weight.dtype) if isinstance(layer, LoRALinear) else layer.weight
    return weight.T


def _size(x: Tensor, least: Tensor) -> Tensor:
    """The Euclidean length of rows, with that of what normalisation adds."""
    return torch.hypot(torch.linalg.vector_norm(x, 2, -1, True), least)
