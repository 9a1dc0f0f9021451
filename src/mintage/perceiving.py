"""The frozen network by whose features a paired game compares pictures, where its stakes weigh that."""

from __future__ import annotations

from typing import Literal

import torch

from mintage import registry
from mintage.contracts import Examples
from mintage.layers.perceptual import PerceptualDistance
from mintage.storage import cache_folder

__all__ = ["Eyes", "eyes_of"]

Eyes = Literal["none", "efficientnet_lite0"]


def eyes_of(name: Eyes, weight: float) -> PerceptualDistance | None:
    """The distance by the embedding of that name; none where it weighs nothing.

    Raises:
        ConfigError: its weights are not on this machine.
    """
    if not weight or name == "none":
        return None
    embedding = registry.find("embeddings", name)()
    nothing = Examples(torch.empty(0, dtype=torch.uint8))  # it learns from no examples
    return embedding.perceptual(nothing, cache_folder())  # type: ignore[no-any-return]
