"""Models of paired games that may compare pictures by the features of a frozen network, while they learn."""

from __future__ import annotations

from typing import Literal, Self

import torch

from mintage import registry
from mintage.config import Settings
from mintage.contracts import Examples
from mintage.games.paired import PairedStakes
from mintage.layers.perceptual import PerceptualDistance
from mintage.storage import cache_folder

__all__ = ["PerceivingModel"]


class PerceivingModel(Settings):
    """What such models have in common."""

    perceptual: Literal["none", "efficientnet_lite0"] = "none"
    """Embedding whose features are compared where stakes.perceptual_weight is above 0: it forgives what is out of
    register, which pixels do not."""
    stakes: PairedStakes = PairedStakes()
    """What the players pay."""

    def eyes(self) -> PerceptualDistance | None:
        """The distance by that network; none where it weighs nothing.

        Raises:
            ConfigError: its weights are not on this machine.
        """
        if not self.stakes.perceptual_weight or self.perceptual == "none":
            return None
        embedding = registry.find("embeddings", self.perceptual)()
        nothing = Examples(torch.empty(0, dtype=torch.uint8))  # it learns from no examples
        return embedding.perceptual(nothing, cache_folder())  # type: ignore[no-any-return]

    def at_work(self) -> Self:
        """The same after training, when nothing is compared: it needs no weights but its own."""
        return self.model_copy(update={"stakes": self.stakes.model_copy(update={"perceptual_weight": 0.0})})
