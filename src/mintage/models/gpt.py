"""GPT: a transformer that writes what comes next, built for minutes on a plain CPU and a text of a few megabytes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, cast

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from mintage.config import Settings
from mintage.contracts import DataSpec, Group, Rung
from mintage.errors import SpecError
from mintage.games.next_token import NextToken
from mintage.layers.hashed_ngrams import HashedNgrams
from mintage.layers.memory import Memory
from mintage.layers.normed import normed, squared_relu
from mintage.layers.one_token import Block, OneToken, columns
from mintage.layers.rotary import Rotary

__all__ = ["GPT"]

_SHARPNESS = 1.2**2  # of attention between normalised queries and keys
_GATED = 32  # features that a gate looks at
_MOST = 3  # times which embeddings of tokens are added to values where a gate is open


class GPT(Settings):
    """A decoder-only transformer (Radford et al., 2018) with what has been learned since about training small ones.

    Rotary positions (Su et al., 2021), normalised queries and keys (Henry et al., 2020), squared ReLU (So et al.,
    2021), output projections that begin at zero, value embeddings (Zhou et al., 2024), a soft cap on the logits (Gemma
    Team, 2024), and a table of hashed n-grams, which spares a small network the counting of letters. Hidden matrices
    learn by Muon. Choose it for anything that is integer tokens.
    """

    width: int = Field(128, ge=8)
    """Features of a token; a multiple of `heads`."""
    layers: int = Field(4, ge=1)
    """Blocks of attention and a feed-forward part."""
    heads: int = Field(4, ge=1)
    """Of attention, each width / heads wide; that must be even."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Share of what the blocks add that is left out while training; pays when a text is read many times."""
    ngrams: tuple[int, ...] = (2, 3, 4, 5)
    """Lengths of the n-grams that have a row of their own; none: ()."""
    slots: int = Field(1 << 16, ge=1)
    """Rows for the n-grams of each length."""
    value_embeddings: bool = True
    """Every second block attends to embeddings of the tokens themselves too."""
    cap: float = Field(15.0, ge=0)
    """Logits stay within plus and minus this; 0 leaves them."""
    matrices: Literal["muon", "adam"] = "muon"
    """The rule by which hidden matrices learn."""

    habits: ClassVar[Mapping[str, Any]] = {
        "batch": 16, "lr": 0.02, "betas": (0.8, 0.95), "warmup": 40, "decay_from": 0.35, "decay_to": 0.05,
        "ema_half_life": 0.0,
    }  # fmt: skip
    ladder: ClassVar[tuple[Rung, ...]] = (
        Rung({"width": 128, "layers": 4, "heads": 4}, 0),
        Rung({"width": 192, "layers": 6, "heads": 6}, 40_000),
        Rung({"width": 256, "layers": 8, "heads": 8}, 200_000),
        Rung({"width": 384, "layers": 8, "heads": 8}, 1_000_000),
    )

    def build(self, spec: DataSpec) -> NextToken:
        """The game for this data.

        Raises:
            SpecError: the data is not integer tokens, or width and heads do not fit.
        """
        if spec.x.classes is None or len(spec.x.shape) != 1 or not spec.x.shape[0]:
            raise SpecError(
                f"GPT writes integer tokens, but this data has shape {spec.x.shape} of real values. Give it text, or "
                "choose a model that fits: mintage models --fit DATA."
            )
        if self.width % self.heads or self.width // self.heads % 2:
            raise SpecError(
                f"model.width = {self.width} cannot be cut into {self.heads} heads of an even size. Choose a width "
                f"that is a multiple of {2 * self.heads}."
            )
        context = spec.x.shape[0] - 1
        return NextToken(_Writer(self, spec.x.classes, context), context, spec.x.start)


class _Writer(nn.Module):
    """The network: a LanguageModel of contracts.py."""

    def __init__(self, model: GPT, num_tokens: int, context: int) -> None:
        super().__init__()
        self.num_tokens, self.context, self.cap, self.matrices = num_tokens, context, model.cap, model.matrices
        self.heads = model.heads
        self.embedding = nn.Embedding(num_tokens, model.width)
        nn.init.normal_(self.embedding.weight, std=0.8)
        self.ngrams = HashedNgrams(model.ngrams, model.slots, model.width, num_tokens) if model.ngrams else None
        self.blocks = cast(Sequence[_Block], nn.ModuleList(_Block(model, k, num_tokens) for k in range(model.layers)))
        self.rotary = Rotary(model.width // model.heads, context)
        self.head = nn.Linear(model.width, num_tokens, bias=False)
        nn.init.normal_(self.head.weight, std=0.001)

    def forward(self, tokens: Tensor) -> Tensor:
        return self._logits(self._seen(tokens, None))

    def memory(self, rows: int) -> Memory:
        """Room for a context of each row."""
        width = self.head.in_features
        return Memory.empty(
            rows, self.context, layers=len(self.blocks), heads=self.heads, dim=width // self.heads,
            like=self.head.weight,
        )  # fmt: skip

    def read(self, tokens: Tensor, memory: Memory) -> Tensor:
        if tokens.shape[1] == 1 and not torch.is_grad_enabled() and not torch.is_autocast_enabled(tokens.device.type):
            memory.ready = memory.ready or self._one_token()
            return memory.ready(tokens[:, 0], memory)  # type: ignore[no-any-return]
        x = self._seen(tokens, memory)
        memory.advance(tokens)
        return self._logits(x[:, -1])

    def groups(self) -> Sequence[Group]:
        """What learns alike, with rates beside the player's own, which is Muon's."""
        matrices = [p for block in self.blocks for p in block.matrices()]
        of_values = [block.values_of.weight for block in self.blocks if block.values_of is not None]
        rest = [p for block in self.blocks for p in block.scales()]
        groups = [
            Group(matrices, rule=self.matrices, rate=1.0 if self.matrices == "muon" else 0.1),
            Group([self.embedding.weight, *of_values]),
            Group([self.head.weight], rate=0.2),
            Group(rest, rate=0.1),
        ]
        return groups + ([Group([self.ngrams.table.weight], rule="rows", rate=2.5)] if self.ngrams else [])

    def _seen(self, tokens: Tensor, memory: Memory | None) -> Tensor:
        x = self.embedding(tokens)
        if self.ngrams is not None:
            behind = tokens
            if memory is not None and memory.length:
                first = max(memory.length - self.ngrams.reach, 0)
                behind = torch.cat([memory.tokens[:, first : memory.length], tokens], 1)
            x = x + self.ngrams(behind, tokens.shape[1])
        x = start = normed(x)
        for block in self.blocks:
            x = block(x, start, tokens, self.rotary, memory)
        return normed(x)

    def _one_token(self) -> OneToken:
        scale = _SHARPNESS / math.sqrt(self.head.in_features // self.heads)
        head = columns(self.head) * math.sqrt(self.head.in_features)
        return OneToken(self._embed, [b.ready() for b in self.blocks], head, self.rotary, scale=scale, cap=self.cap)

    def _embed(self, tokens: Tensor, memory: Memory) -> Tensor:
        """The embedding of one token a row. Shape: (B,) -> (B, F)."""
        x = self.embedding.weight.index_select(0, tokens)
        if self.ngrams is None:
            return x
        first = max(memory.length - self.ngrams.reach, 0)
        return x + self.ngrams.last(torch.cat([memory.tokens[:, first : memory.length], tokens[:, None]], 1))

    def _logits(self, x: Tensor) -> Tensor:
        logits = self.head(x).float()
        return self.cap * torch.tanh(logits / self.cap) if self.cap else logits


class _Block(nn.Module):
    def __init__(self, model: GPT, place: int, num_tokens: int) -> None:
        super().__init__()
        width, depth = model.width, place / max(model.layers - 1, 1)
        self.place, self.heads, self.dropout = place, model.heads, model.dropout
        self.query, self.key, self.value = (nn.Linear(width, width, bias=False) for _ in range(3))
        self.attended = nn.Linear(width, width, bias=False)
        self.wide = nn.Linear(width, 4 * width, bias=False)
        self.narrow = nn.Linear(4 * width, width, bias=False)
        for layer, gain in ((self.query, 1.0), (self.key, 1.0), (self.value, 1.0), (self.wide, 0.4)):
            nn.init.uniform_(layer.weight, -gain * math.sqrt(3 / width), gain * math.sqrt(3 / width))
        for layer in (self.attended, self.narrow):
            nn.init.zeros_(layer.weight)
        self.mix = nn.Parameter(torch.tensor([1.15 - 0.1 * depth, 0.2 - 0.15 * depth]))  # of the stream, of its start
        has_values = model.value_embeddings and place % 2 == (model.layers - 1) % 2
        self.values_of = nn.Embedding(num_tokens, width) if has_values else None
        self.gate = nn.Parameter(torch.zeros(model.heads, min(_GATED, width))) if has_values else None
        if self.values_of is not None:
            nn.init.normal_(self.values_of.weight, std=width**-0.5)

    def matrices(self) -> list[Tensor]:
        layers = (self.query, self.key, self.value, self.attended, self.wide, self.narrow)
        return [layer.weight for layer in layers]

    def scales(self) -> list[nn.Parameter]:
        return [self.mix] + ([] if self.gate is None else [self.gate])

    def ready(self) -> Block:
        """The weights, put together for one token at a time."""
        width = self.query.in_features
        parts = [columns(layer) for layer in (self.query, self.key, self.value)]
        if self.gate is not None:
            parts.append(F.pad(self.gate, (0, width - self.gate.shape[1])).T)
        first, second = self.mix.tolist()
        return Block(
            mix=(first, second), joint=torch.cat(parts, 1) * math.sqrt(width), attended=columns(self.attended),
            wide=columns(self.wide) * math.sqrt(width), narrow=columns(self.narrow),
            values_of=None if self.values_of is None else _MOST * self.values_of.weight,
        )  # fmt: skip

    def forward(self, x: Tensor, start: Tensor, tokens: Tensor, rotary: Rotary, memory: Memory | None) -> Tensor:
        x = self.mix[0] * x + self.mix[1] * start
        x = x + F.dropout(self._attention(normed(x), tokens, rotary, memory), self.dropout, self.training)
        hidden = squared_relu(self.wide(normed(x)))
        return x + F.dropout(self.narrow(hidden), self.dropout, self.training)

    def _attention(self, x: Tensor, tokens: Tensor, rotary: Rotary, memory: Memory | None) -> Tensor:
        first = 0 if memory is None else memory.length
        query = normed(rotary(self._heads(self.query(x)), first))
        key = normed(rotary(self._heads(self.key(x)), first))
        value = self._heads(self.value(x))
        if self.values_of is not None and self.gate is not None:
            gate = _MOST * torch.sigmoid(F.linear(x[..., : self.gate.shape[1]], self.gate))  # (B, T, heads)
            value = value + gate.transpose(1, 2)[..., None] * self._heads(self.values_of(tokens))
        if memory is not None:
            key, value = memory.extend(self.place, key, value)
        scale = _SHARPNESS / math.sqrt(query.shape[-1])
        if first and query.shape[2] > 1:  # several tokens after some that are kept
            mask = torch.ones(query.shape[2], key.shape[2], dtype=torch.bool, device=x.device).tril(first)
            seen = F.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scale)
        else:
            seen = F.scaled_dot_product_attention(query, key, value, is_causal=query.shape[2] > 1, scale=scale)
        return self.attended(seen.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]

    def _heads(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)  # (B, heads, T, D)
