"""Mode counting: how many of the kinds that there are do occur among the made examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor

from mintage.classifier import class_names, expert
from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes, Score
from mintage.statistics.intervals import normal
from mintage.statistics.modes import hits, reverse_kl

__all__ = ["Modes"]


class Modes(Settings):
    """Classes that occur among made examples, by a classifier, and KL(made || real) of their counts.

    On StackedMNIST (Metz et al., 2017), whose 1000 modes are `Modes.stacked`, the field counts a mode as hit by a
    single example. Here a few must be: a classifier's errors alone would else hit every class.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("pictures",)

    least: float = 0.1
    """A class occurs if it is made at least at this fraction of its share of the real examples."""

    def lacks(self, evidence: Evidence) -> str:
        """Classes of the training examples, two or more."""
        if evidence.train.labels is None or len(evidence.train) < 2:
            return "the training examples have no classes"
        return "all examples are of one class" if len(class_names(evidence)) < 2 else ""

    def measure(self, evidence: Evidence) -> Findings:
        """Scores modes and mode_divergence."""
        count, classify = len(class_names(evidence)), expert(evidence).logits
        found = {part: classify(getattr(evidence, part).x).argmax(1) for part in ("fake", "real", "control")}
        made, real, control = (found[part].bincount(minlength=count) for part in ("fake", "real", "control"))
        counts = {"fake": len(evidence.fake), "real": len(evidence.real), "modes": count}
        value, variance = reverse_kl(made, real)
        low, high = normal(value, variance)
        few = self.least * real / len(evidence.real)
        hit = hits(made, (few * len(evidence.fake)).clamp_min(1))
        modes = Score(
            name="modes",
            value=hit,
            floor=hits(control, (few * len(evidence.control)).clamp_min(1)) if len(evidence.control) else None,
            ideal=count,
            counts=counts,
            words=f"{hit} of {count} classes occur among the made examples.",
            remarks=[f"A class occurs if it is made at least {self.least:.0%} as often as it is real."],
        )
        divergence = Score(
            name="mode_divergence",
            value=value,
            low=max(low, 0.0),
            high=high,
            floor=reverse_kl(control, real).value if len(evidence.control) else None,
            ideal=0.0,
            counts=counts,
            words=f"The classes of made examples diverge from those of real ones by {value:.3f} nats "
            f"({max(low, 0.0):.3f} to {high:.3f}); 0 would be the same shares.",
        )
        return Findings([modes, divergence])

    @staticmethod
    def stacked(x: Tensor, classify: Callable[[Tensor], Tensor], num_classes: int = 10) -> Tensor:
        """The mode of each image whose channels are images of their own: three digits are one of 1000.

        Shape: (N, H, W, C) uint8 -> (N,) int64; `classify` gives (N, H, W, 1) -> (N, num_classes).
        """
        modes = torch.zeros(len(x), dtype=torch.int64)
        for channel in range(x.shape[3]):
            modes = modes * num_classes + classify(x[..., channel : channel + 1]).argmax(1)
        return modes
