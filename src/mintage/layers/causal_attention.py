"""Attention that looks back only, over whole sequences or on from what has been read."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mintage.errors import SpecError

__all__ = ["causal_attention", "fits", "start_small"]


def causal_attention(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Scaled dot-product attention (Vaswani et al., 2017) of the last T of L tokens, each to those up to itself.

    Heads may share keys and values in groups (Ainslie et al., 2023): `groups` divides `heads`.

    Shape: (B, heads, T, D), (B, groups, L, D), (B, groups, L, D) -> (B, T, heads * D).
    """
    rows, heads, new, dim = queries.shape
    groups, known = keys.shape[1:3]
    if new == 1:  # one token sees all: the heads of a group ask as if they were its tokens, and no key is copied
        asked = queries.reshape(rows, groups, heads // groups, dim)
        return F.scaled_dot_product_attention(asked, keys, values).reshape(rows, 1, heads * dim)
    if groups < heads:
        keys, values = (kept.repeat_interleave(heads // groups, 1) for kept in (keys, values))
    if new == known:
        mixed = F.scaled_dot_product_attention(queries, keys, values, is_causal=True)
    else:
        seen = torch.ones(new, known, dtype=torch.bool, device=queries.device).tril(known - new)
        mixed = F.scaled_dot_product_attention(queries, keys, values, attn_mask=seen)
    return mixed.transpose(1, 2).flatten(2)


def fits(tokens: Tensor, read: int, context: int) -> None:
    """Nothing, if T tokens have room after those that were read. Shape: (B, T).

    Raises:
        SpecError: there are more than the context holds.
    """
    if (stop := read + tokens.shape[1]) > context:
        raise SpecError(
            f"The network looks back at {context} tokens, but was given {stop}. Give it the last {context} alone, "
            "or build it with a longer context."
        )


def start_small(network: nn.Module, layers: int) -> None:
    """Draw the weights of a transformer as GPT-2's are (Radford et al., 2019): normal, with biases of zero.

    The two maps of a block that write to its sum start the smaller the more blocks there are.
    """
    for name, weight in network.named_parameters():
        if weight.ndim == 2:
            writes = name.endswith((".out.weight", ".down.weight"))
            nn.init.normal_(weight, std=0.02 / (2 * layers) ** 0.5 if writes else 0.02)
        elif name.endswith("bias"):
            nn.init.zeros_(weight)
