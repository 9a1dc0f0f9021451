"""RelGAN: a recurrent writer that a discriminator tells from real text, kept to show what that is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from mintage.config import Settings
from mintage.contracts import DataSpec, Rung
from mintage.games.adversarial_text import AdversarialText, TextStakes
from mintage.games.next_token import window_of

__all__ = ["RelGAN"]

_SPANS = (2, 3, 4, 5)  # tokens that a filter of the discriminator sees


class RelGAN(Settings):
    """A text GAN with Gumbel-softmax samples (Nie et al., 2019), whose writer is a gated recurrent unit.

    It learns by likelihood first, then also to pass for real before a discriminator of many representations. Choose
    it to study text GANs. To have text written choose gpt and a temperature: text GANs have been inside the frontier
    that a likelihood model's temperatures draw (Caccia et al., 2020), and a short trial of this one was not outside.
    """

    width: int = Field(256, ge=2)
    """Features of a token, and of the writer's state."""
    layers: int = Field(1, ge=1)
    """Recurrent layers of the writer."""
    representations: int = Field(8, ge=1)
    """Embeddings by which the discriminator looks at a text; each has a logit of its own (64 in the paper)."""
    judge_width: int = Field(16, ge=1)
    """Features of a token in each of them."""
    filters: int = Field(32, ge=1)
    """Of each span of two to five tokens, in the discriminator."""
    stakes: TextStakes = TextStakes()
    """What the two players pay, and from when on."""

    habits: ClassVar[Mapping[str, Any]] = {
        "batch": 32, "lr": 4e-3, "lr_of": {"discriminator": 3e-3}, "betas": (0.8, 0.99), "warmup": 40,
        "decay_from": 0.35, "decay_to": 0.05, "ema_half_life": 0.0, "max_gradient": 5.0,
    }  # fmt: skip
    ladder: ClassVar[tuple[Rung, ...]] = (
        Rung({"width": 128}, 0),
        Rung({"width": 256}, 20_000),
        Rung({"width": 512}, 200_000),
    )

    def build(self, spec: DataSpec) -> AdversarialText:
        """The game for this data.

        Raises:
            SpecError: the data is not integer tokens.
        """
        num_tokens, context = window_of(spec)
        writer = _Writer(self, num_tokens, context)
        judge = _Discriminator(self, num_tokens)
        return AdversarialText(writer, judge, self.stakes, context, spec.x.start, max(_SPANS) - 1)


@dataclass(eq=False)
class _Heard:
    """What the writer keeps of the tokens that it has read: its state; the memory that decoding asks of a model."""

    states: Tensor  # (layers, B, width)
    tokens: Tensor  # (B, capacity) int64
    length: int = 0  # tokens that every row holds

    @property
    def capacity(self) -> int:
        """How many tokens there is room for."""
        return self.tokens.shape[1]

    def clear(self) -> None:
        """Forget everything; the room stays."""
        self.states, self.length = torch.zeros_like(self.states), 0

    def repeated(self, rows: int) -> _Heard:
        """The memory of one sequence for as many that go on from it; what is kept is copied."""
        return _Heard(self.states.repeat_interleave(rows, 1), self.tokens.repeat_interleave(rows, 0), self.length)


class _Writer(nn.Module):
    """A gated recurrent unit (Cho et al., 2014) as a LanguageModel of contracts.py, which can write with slopes."""

    def __init__(self, model: RelGAN, num_tokens: int, context: int) -> None:
        super().__init__()
        self.num_tokens, self.context = num_tokens, context
        self.embedding = nn.Embedding(num_tokens, model.width)
        self.recurrent = nn.GRU(model.width, model.width, model.layers, batch_first=True)
        self.head = nn.Linear(model.width, num_tokens)
        for name, weight in self.recurrent.named_parameters():
            if name.startswith("weight_hh"):  # states that neither grow nor fade, gate by gate
                for gate in weight.chunk(3):
                    nn.init.orthogonal_(gate)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self._heard(self.embedding(tokens), None)[0]).float()  # type: ignore[no-any-return]

    def memory(self, rows: int) -> _Heard:
        """An empty memory with room for a context of each row."""
        weight = self.head.weight
        states = weight.new_zeros(self.recurrent.num_layers, rows, self.recurrent.hidden_size)
        return _Heard(states, torch.zeros(rows, self.context, dtype=torch.int64, device=weight.device))

    def read(self, tokens: Tensor, memory: _Heard) -> Tensor:
        x, memory.states = self._heard(self.embedding(tokens), memory.states)
        memory.tokens[:, memory.length : memory.length + tokens.shape[1]] = tokens
        memory.length += tokens.shape[1]
        return self.head(x[:, -1]).float()  # type: ignore[no-any-return]

    def relaxed(self, prompt: Tensor, chance: Tensor, temperature: float) -> Tensor:
        """Go on from a prompt by the Gumbel-max trick, with the slopes of a softmax (straight-through; Jang et al.,
        2017): what is written is one-hot, and each token hears those before it with their slopes.

        Shape: (B, P) int64, Gumbel numbers (B, T, V) -> (B, T, V).
        """
        x, states = self._heard(self.embedding(prompt), None)
        written: list[Tensor] = []
        for now in chance.unbind(1):
            soft = ((self.head(x[:, -1]).float() + now) / temperature).softmax(-1)
            hard = F.one_hot(soft.argmax(-1), self.num_tokens).to(soft.dtype)
            written.append(hard + (soft - soft.detach()))
            if len(written) < chance.shape[1]:
                x, states = self._heard((written[-1] @ self.embedding.weight)[:, None], states)
        return torch.stack(written, 1)

    def _heard(self, x: Tensor, states: Tensor | None) -> tuple[Tensor, Tensor]:
        """(B, T, width), (layers, B, width) or None for the beginning -> the same."""
        with torch.autocast(x.device.type, enabled=False):  # rounding adds up along a text
            out, states = self.recurrent(x.float(), states)
        return out, states


class _Discriminator(nn.Module):
    """Filters over spans of tokens, the largest answer of each, in several embeddings: (B, L, V) -> (B, R) logits."""

    def __init__(self, model: RelGAN, num_tokens: int) -> None:
        super().__init__()
        self.representations = model.representations
        self.embedding = nn.Linear(num_tokens, model.representations * model.judge_width, bias=False)
        nn.init.normal_(self.embedding.weight, std=0.5)
        self.spans = nn.ModuleList(nn.Conv1d(model.judge_width, model.filters, span) for span in _SPANS)
        features = model.filters * len(_SPANS)
        self.mix, self.head = nn.Linear(features, features), nn.Linear(features, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embedding(x).unflatten(2, (self.representations, -1))  # (B, L, R, F)
        x = x.permute(0, 2, 3, 1).flatten(0, 1)  # (B * R, F, L)
        x = F.pad(x, (0, max(max(_SPANS) - x.shape[2], 0)))
        x = torch.cat([F.leaky_relu(span(x), 0.2).amax(2) for span in self.spans], 1)
        logits: Tensor = self.head(x + F.leaky_relu(self.mix(x), 0.2))
        return logits.view(-1, self.representations)
