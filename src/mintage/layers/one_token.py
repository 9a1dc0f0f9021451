"""One more token through a small transformer: the numbers of a full pass, in as few operations as there can be.

Where a network is small, a token costs what its operations cost to start, not what they compute; so weights are put
together once, and no module is called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from mintage.layers.memory import Memory
from mintage.layers.rotary import Rotary

__all__ = ["Block", "OneToken"]


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

    Shape: tokens (B,) after those in a memory -> features (B, F) and logits (B, V).
    """

    def __init__(
        self,
        embed: Callable[[Tensor, Memory], Tensor],
        blocks: Sequence[Block],
        head: Tensor,  # (F, V)
        rotary: Rotary,
        *,
        scale: float,  # of attention
        cap: float,  # of logits; 0: none
    ) -> None:
        self.embed, self.blocks, self.cap = embed, blocks, cap
        self.head = head / cap if cap else head
        dim = rotary.cos.shape[1]
        self.width, self.heads = len(head), len(head) // dim
        place = torch.eye(dim, device=head.device)
        swapped = place.roll(dim // 2, 0)  # (row, column): what moves to a column comes from half a head away
        self.turns = place * rotary.cos[:, None].to(head.dtype) + swapped * rotary.sin[:, None].to(head.dtype)
        gains = [scale * dim**0.5] * self.heads + [dim**0.5] * self.heads
        self.gains = head.new_tensor(gains)[:, None]  # (2 heads, 1): queries carry the scale of attention

    def __call__(self, tokens: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        rows, place = len(tokens), memory.length
        x = start = F.rms_norm(self.embed(tokens, memory), (self.width,))
        turn = self.turns[place]
        new_keys, new_values = (kept[:, :, :, place].unbind() for kept in (memory.keys, memory.values))
        all_keys, all_values = (kept[:, :, :, : place + 1].unbind() for kept in (memory.keys, memory.values))
        for depth, block in enumerate(self.blocks):
            x = torch.add(x * block.mix[0], start, alpha=block.mix[1])
            joint = torch.mm(_unit(x), block.joint)
            asked, values, gates = joint.tensor_split((2 * self.width, 3 * self.width), 1)
            turned = torch.mm(asked.reshape(-1, len(turn)), turn).view(rows, 2 * self.heads, -1)
            turned = turned * (self.gains / torch.linalg.vector_norm(turned, 2, -1, True))
            query, key = turned.split(self.heads, 1)
            new_keys[depth].copy_(key)
            if block.values_of is None:
                new_values[depth].copy_(values.view(key.shape))
            else:
                added = block.values_of.index_select(0, tokens).view(key.shape)
                torch.addcmul(values.view(key.shape), gates.sigmoid().unsqueeze(2), added, out=new_values[depth])
            seen = F.scaled_dot_product_attention(query.unsqueeze(2), all_keys[depth], all_values[depth], scale=1.0)
            x = torch.addmm(x, seen.view(x.shape), block.attended)
            hidden = torch.mm(_unit(x), block.wide).relu_()
            x = torch.addmm(x, hidden * hidden, block.narrow)
        x = _unit(x)
        logits = torch.mm(x, self.head)
        memory.advance(tokens[:, None])
        return x * self.width**0.5, logits.tanh_().mul_(self.cap) if self.cap else logits


def _unit(x: Tensor) -> Tensor:
    """Rows of length one."""
    unit: Tensor = x / torch.linalg.vector_norm(x, 2, -1, True)
    return unit
