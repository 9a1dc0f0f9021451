"""Evidence of text with known answers: writers that know nothing, that copy, and that write as the real author does."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mintage.contracts import Evidence, Examples, Foretold, Texts
from mintage.embeddings.phrases import Phrases

WORDS = ("the", "king", "of", "France", "and", "a", "queen", "went", "home", "to", "sleep", "or", "sing", "in", "May")
ALPHABET = sorted({" ", *"".join(WORDS)})
LENGTH = 60  # characters of a passage


def prose(seed: int, characters: int) -> str:
    """Words in a drawn order."""
    rng = np.random.default_rng(seed)
    return " ".join(WORDS[i] for i in rng.integers(0, len(WORDS), characters // 3))[:characters]


def cut(text: str) -> list[str]:
    return [text[start : start + LENGTH] for start in range(0, len(text) - LENGTH + 1, LENGTH)]


def tokens(texts: Sequence[str]) -> Tensor:
    return torch.tensor([[ALPHABET.index(c) for c in text] for text in texts])


def evidence(made: Sequence[str], nats: float = math.log(len(ALPHABET)), train_nats: float | None = None) -> Evidence:
    """Made passages beside real ones, by a writer to whom every token costs the same."""
    train, real, control = prose(1, 12_000), cut(prose(2, 3_000)), cut(prose(3, 3_000))
    held = tokens(real).flatten()
    foretold = Foretold(
        nats=torch.full((len(held),), nats),
        tokens=held,
        train_nats=torch.full((len(held),), nats if train_nats is None else train_nats),
        counted=tokens([train]).flatten(),
        sizes=torch.ones(len(ALPHABET), dtype=torch.int64),
        stride="windows end to end",
    )
    learned = Examples(tokens(cut(train)))
    return Evidence(
        fake=Examples(tokens(made)),
        real=Examples(tokens(real)),
        control=Examples(tokens(control)),
        train=learned,
        embedder=Phrases(dim=8, buckets=512).prepare(learned, None),  # type: ignore[arg-type]
        texts=Texts(made=made, real=real, train=lambda: [train], foretold=foretold),
    )
