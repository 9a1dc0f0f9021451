"""GPT: a transformer that writes what comes next, built for minutes on a plain CPU and a text of a few megabytes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal, cast

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from mintage.config import Settings
from mintage.contracts import DataSpec, Group, Rung
from mintage.games.next_token import NextToken, check_heads, window_of
from mintage.layers.counted import CountedText
from mintage.layers.hashed_ngrams import HashedNgrams
from mintage.layers.line_places import LinePlaces
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
    ngrams: tuple[int, ...] = (2, 3, 4, 5, 6, 7)
    """Lengths of the n-grams that have a row of their own; none: ()."""
    slots: int = Field(1 << 16, ge=1)
    """Rows for the n-grams of each length."""
    row: int = Field(32, ge=1)
    """Numbers of a row; a matrix makes them as wide as the rest."""
    ngram_passes: float = Field(1.0, gt=0)
    """Passes over the text, the last ones, in which n-grams learn: what their rows have seen once they foretell too
    well."""
    lines: bool = True
    """A row for each place in a line and length of the line before: verse keeps its form."""
    value_embeddings: bool = True
    """Every second block attends to embeddings of the tokens themselves too."""
    counted: int = Field(6, ge=0, le=6)
    """Longest n-gram of a counted model that the network is mixed with, by a gate that it learns; 0: none."""
    cap: float = Field(15.0, ge=0)
    """Logits stay within plus and minus this; 0 leaves them."""
    matrices: Literal["muon", "adam"] = "muon"
    """The rule by which hidden matrices learn."""

    habits: ClassVar[Mapping[str, Any]] = {
        "batch": 16, "lr": 0.02, "betas": (0.8, 0.95), "warmup": 40, "decay_from": 0.35, "decay_to": 0.05,
        "ema_half_life": 0.0,
    }  # fmt: skip
    ladder: ClassVar[tuple[Rung, ...]] = (
        Rung({"width": 96, "layers": 4, "heads": 4}, 0, 128),
        Rung({"width": 128, "layers": 4, "heads": 4}, 12_000, 128),
        Rung({"width": 128, "layers": 4, "heads": 4}, 25_000, 256),
        Rung({"width": 192, "layers": 6, "heads": 6}, 40_000, 256),
        Rung({"width": 256, "layers": 8, "heads": 8}, 150_000, 256),
        Rung({"width": 384, "layers": 8, "heads": 8}, 1_000_000, 256),
    )

    def build(self, spec: DataSpec) -> NextToken:
        """The game for this data.

        Raises:
            SpecError: the data is not integer tokens, or width and heads do not fit.
        """
        num_tokens, context = window_of(spec)
        check_heads(self.width, self.heads)
        return NextToken(_Writer(self, num_tokens, context, spec.x.ends), context, spec.x.start)


class _Writer(nn.Module):
    """The network: a LanguageModel of contracts.py."""

    def __init__(self, model: GPT, num_tokens: int, context: int, ends: Sequence[int]) -> None:
        super().__init__()
        self.num_tokens, self.context, self.cap, self.matrices = num_tokens, context, model.cap, model.matrices
        self.heads, self.ngram_passes = model.heads, model.ngram_passes
        self.embedding = nn.Embedding(num_tokens, model.width)
        nn.init.normal_(self.embedding.weight, std=0.8)
        self.ngrams = HashedNgrams(model.ngrams, model.slots, model.row, num_tokens) if model.ngrams else None
        self.widened = nn.Linear(model.row, model.width, bias=False) if model.ngrams else None
        if self.widened is not None:
            nn.init.normal_(self.widened.weight, std=model.row**-0.5)
        self.lines = LinePlaces(ends, num_tokens, model.width) if model.lines and ends else None
        self.blocks = cast(Sequence[_Block], nn.ModuleList(_Block(model, k, num_tokens) for k in range(model.layers)))
        self.rotary = Rotary(model.width // model.heads, context)
        self.head = nn.Linear(model.width, num_tokens, bias=False)
        nn.init.normal_(self.head.weight, std=0.001)
        self.counts = CountedText(model.counted, num_tokens) if model.counted else None
        self.trust = nn.Linear(model.width, 1) if model.counted else None  # in the counts, on a logistic scale
        if self.trust is not None:
            nn.init.zeros_(self.trust.weight)
            nn.init.zeros_(self.trust.bias)

    def forward(self, tokens: Tensor) -> Tensor:
        x, places = self._seen(tokens, None)
        return self._mixed(x, self._logits(x, places), lambda: self.counts(tokens, tokens.shape[1]))  # type: ignore[misc]

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
            embedded, places = self._embed(tokens[:, 0], memory)
            x, logits = memory.ready(embedded, tokens[:, 0], memory)
            logits = self._leant(logits, places)
        else:
            x, places = self._seen(tokens, memory)
            x = x[:, -1]
            logits = self._logits(x, None if places is None else places[:, -1])
            memory.advance(tokens)
        return self._mixed(x, logits, lambda: self.counts.last(memory.tokens[:, : memory.length]))  # type: ignore[union-attr]

    def costs(self, tokens: Tensor, targets: Tensor, counted: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Nats of each target by the network alone, and mixed with what it costs by counting. Shape: (B, T) each.

        `counted` is that cost where the text was counted itself, and its own counts know it too well.

        The network learns as if it stood alone: mixed from the start it would leave to the counts what they are good
        at, and in minutes learn little. The mixture's slope is the gate's alone.
        """
        x, places = self._seen(tokens, None)
        own = F.cross_entropy(self._logits(x, places).flatten(0, 1), targets.flatten(), reduction="none").view_as(
            targets
        )
        if self.counts is None or self.trust is None:
            return own, own
        if counted is None:
            counted = self.counts.costs(tokens, targets)
        return own, -_mixture(self.trust(x.detach())[..., 0], -own.detach(), -counted)

    def groups(self) -> Sequence[Group]:
        """What learns alike, with rates beside the player's own, which is Muon's."""
        matrices = [p for block in self.blocks for p in block.matrices()]
        tables = [self.embedding.weight] + ([] if self.widened is None else [self.widened.weight])
        tables += [] if self.lines is None else [*self.lines.parameters()]
        tables += [block.values_of.weight for block in self.blocks if block.values_of is not None]
        rest = [p for block in self.blocks for p in block.scales()]
        rest += [] if self.trust is None else [*self.trust.parameters()]
        groups = [
            Group(matrices, rule=self.matrices, rate=1.0 if self.matrices == "muon" else 0.1),
            Group(tables),
            Group([self.head.weight], rate=0.2),
            Group(rest, rate=0.1),
        ]
        if self.ngrams is not None:
            groups.append(Group([self.ngrams.table.weight], rule="rows", rate=20.0, passes=self.ngram_passes))
        return groups

    def _seen(self, tokens: Tensor, memory: Memory | None) -> tuple[Tensor, Tensor | None]:
        """Features of the tokens, and their places in lines. Shape: (B, T) -> (B, T, F), (B, T)."""
        x = self.embedding(tokens)
        behind = tokens if memory is None else self._behind(tokens, memory)
        if self.ngrams is not None and self.widened is not None:
            x = x + self.widened(self.ngrams(behind, tokens.shape[1]))
        places = None if self.lines is None else self.lines.places(behind, tokens.shape[1])
        if self.lines is not None and places is not None:
            x = x + self.lines(places)
        x = start = normed(x)
        for block in self.blocks:
            x = block(x, start, tokens, self.rotary, memory)
        return normed(x), places

    def _mixed(self, x: Tensor, logits: Tensor, counted: Callable[[], Tensor]) -> Tensor:
        """Logits, or their logarithms mixed with the probabilities that counting gives. Shape: (..., F), (..., V)."""
        if self.trust is None:
            return logits
        return _mixture(self.trust(x), F.log_softmax(logits, -1), counted().log())

    def _one_token(self) -> OneToken:
        scale = _SHARPNESS / math.sqrt(self.head.in_features // self.heads)
        head = columns(self.head) * math.sqrt(self.head.in_features)
        return OneToken([b.ready() for b in self.blocks], head, self.rotary, scale=scale, cap=self.cap)

    def _embed(self, tokens: Tensor, memory: Memory) -> tuple[Tensor, Tensor | None]:
        """The embedding of one token a row, and its place in its line. Shape: (B,) -> (B, F), (B,)."""
        x, places = self.embedding.weight.index_select(0, tokens), None
        behind = self._behind(tokens[:, None], memory)
        if self.lines is not None:
            places = self.lines.last(behind)
            x = x + self.lines(places)
        if self.ngrams is not None and self.widened is not None:
            x = torch.addmm(x, self.ngrams.last(behind), self.widened.weight.T)
        return x, places

    @staticmethod
    def _behind(tokens: Tensor, memory: Memory) -> Tensor:
        """Tokens with all those before them. Shape: (B, T) -> (B, length of the memory + T)."""
        return torch.cat([memory.tokens[:, : memory.length], tokens], 1)

    def _logits(self, x: Tensor, places: Tensor | None) -> Tensor:
        logits = self.head(x).float()
        return self._leant(self.cap * torch.tanh(logits / self.cap) if self.cap else logits, places)

    def _leant(self, logits: Tensor, places: Tensor | None) -> Tensor:
        """Logits that know whether a line may end here. Shape: (..., V), (...) -> (..., V)."""
        return logits if self.lines is None or places is None else logits + self.lines.lean(places)


def _mixture(trust: Tensor, own: Tensor, counted: Tensor) -> Tensor:
    """Logarithms of two distributions, mixed as a gate on a logistic scale says."""
    trust = trust.float()
    return torch.logaddexp(F.logsigmoid(-trust) + own, F.logsigmoid(trust) + counted)


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
