"""A pretrained language model that goes on learning from your text, by a low-rank adapter beside its weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from mintage.config import Settings
from mintage.contracts import DataSpec, Rung
from mintage.errors import SpecError
from mintage.games.next_token import NextToken, window_of
from mintage.hugging_face.adapted import Adapted

__all__ = ["GPTFinetune"]


class GPTFinetune(Settings):
    """LoRA (Hu et al., 2021) on a local folder of transformers: GPT-2, Llama, Mistral, Qwen2 or Qwen3.

    Choose it where a network that has read much is to learn a style or a subject from little text: the base stays as
    it is, and thin matrices beside its layers learn. Nothing is fetched. The data must be tokenised by the base's own
    tokenizer, which the recipe gpt-finetune sees to.
    """

    base: Path
    """The folder of the base: config.json, model.safetensors (or its shards) and tokenizer.json."""
    rank: int = Field(8, ge=1)
    """Columns of the adapter: 8 does for a style, more for new knowledge."""
    alpha: float = Field(16.0, gt=0)
    """Weight of what is learned, divided by the rank; twice the rank is usual."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Share of the adapter's inputs that is left out while training; pays when a text is read many times."""
    targets: tuple[str, ...] = ()
    """Last parts of the names of the layers that are adapted, such as attention.q; none: every layer of the blocks."""

    habits: ClassVar[Mapping[str, Any]] = {
        "steps": 300, "batch": 4, "lr": 5e-4, "betas": (0.9, 0.99), "warmup": 20, "decay_from": 0.0, "decay_to": 0.1,
        "ema_half_life": 0.0, "max_gradient": 1.0,
    }  # fmt: skip
    ladder: ClassVar[tuple[Rung, ...]] = (Rung({}, 0),)

    def build(self, spec: DataSpec) -> NextToken:
        """The game for this data.

        Raises:
            SpecError: the data is not integer tokens, or not those of the base, or its windows are too long for it.
            ConfigError: the base is missing, damaged, or of a kind that Mintage does not read.
        """
        num_tokens, context = window_of(spec)
        writer = Adapted(
            self.base,
            rank=self.rank,
            alpha=self.alpha,
            dropout=self.dropout,
            where=list(self.targets) or None,
            context=context,
        )
        if writer.num_tokens != num_tokens:
            raise SpecError(
                f"{self.base} knows {writer.num_tokens:,} tokens, but this data has {num_tokens:,}: they are not "
                "its own. Use the recipe (mintage train gpt-finetune base=FOLDER data=TEXT), or set codec.name = "
                "pretrained and codec.base to the same folder."
            )
        if writer.context < context:
            raise SpecError(
                f"{self.base} looks back at {writer.context} tokens, but data.context is {context}. Choose at most "
                f"data.context={writer.context}."
            )
        return NextToken(writer, context, spec.x.start)
