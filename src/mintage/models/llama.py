"""Llama: a language model in the plain form that every other program reads, learned from nothing but your text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field
from torch import Tensor

from mintage.config import Settings
from mintage.contracts import DataSpec, Group, Rung
from mintage.errors import SpecError
from mintage.games.next_token import NextToken, check_heads, window_of
from mintage.layers.llama import Llama as Network
from mintage.layers.llama import LlamaSizes

__all__ = ["Llama"]


class Llama(Settings):
    """A transformer in the form of Llama (Touvron et al., 2023), for weights that leave: transformers loads its export.

    Choose it where the result is to run in other programs, which know this form and no other; gpt learns the same text
    in fewer steps. Hidden matrices learn by Muon.
    """

    width: int = Field(128, ge=8)
    """Features of a token; a multiple of `heads`."""
    layers: int = Field(4, ge=1)
    """Blocks of attention and a feed-forward part."""
    heads: int = Field(4, ge=1)
    """Of attention, each width / heads wide; that must be even."""
    shared: int = Field(1, ge=1)
    """Heads that share their keys and values (Ainslie et al., 2023), a divisor of `heads`: a smaller memory."""
    hidden: int | None = Field(None, ge=8)
    """Units of the feed-forward parts; unset: 8/3 of the width, in eights."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Share of what the blocks add that is left out while training; pays when a text is read many times."""
    tied: bool = False
    """Whether the embedding is the head too: fewer weights, where there are many tokens."""
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
            SpecError: the data is not integer tokens, or the sizes do not fit each other.
        """
        num_tokens, context = window_of(spec)
        check_heads(self.width, self.heads)
        if self.heads % self.shared:
            raise SpecError(f"model.shared = {self.shared} does not divide {self.heads} heads. Choose a divisor.")
        sizes = LlamaSizes(
            num_tokens=num_tokens,
            context=context,
            width=self.width,
            hidden=self.hidden or 8 * round(self.width / 3),
            layers=self.layers,
            heads=self.heads,
            groups=self.heads // self.shared,
            head_dim=self.width // self.heads,
            tied=self.tied,
        )
        return NextToken(_Writer(sizes, self.dropout, self.matrices), context, spec.x.start)


class _Writer(Network):
    """The network, and how its parts learn."""

    def __init__(self, sizes: LlamaSizes, dropout: float, matrices: Literal["muon", "adam"]) -> None:
        super().__init__(sizes, dropout)
        self.matrices = matrices

    def groups(self) -> Sequence[Group]:
        """What learns alike, with rates beside the player's own, which is Muon's."""
        hidden: list[Tensor] = [weight for weight in self.blocks.parameters() if weight.ndim == 2]
        gains: list[Tensor] = [weight for weight in self.parameters() if weight.ndim == 1]
        groups = [
            Group(hidden, rule=self.matrices, rate=1.0 if self.matrices == "muon" else 0.1),
            Group([self.embedding.weight], rate=1.0 if self.head is not None else 0.5),
            Group(gains, rate=0.1),
        ]
        return groups if self.head is None else [*groups, Group([self.head.weight], rate=0.2)]
