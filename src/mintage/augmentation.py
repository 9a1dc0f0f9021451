"""A chain of augmentations with one probability, which may follow the discriminator's confidence."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mintage.contracts import Augmentation
from mintage.layers.across import mean_across, num_processes

__all__ = ["Pipeline"]


class Pipeline(nn.Module):
    """Augmentations one after another, each done to a sample with probability p.

    `target` = None keeps p at `probability` (DiffAugment, Zhao et al., 2020: p = 1). A number makes it adaptive
    (ADA, Karras et al., 2020): `adapt` moves p so that sign(D(real)) has this mean, at most by
    1 in `images_to_one` samples. p is a buffer, so it is part of every checkpoint.

    Shape: (B, *x), (B, num_draws) -> (B, *x).
    """

    p: Tensor

    def __init__(
        self,
        steps: Sequence[Augmentation],
        *,
        probability: float = 1.0,
        target: float | None = None,
        images_to_one: float = 100_000,
    ) -> None:
        super().__init__()
        self.steps, self.target, self.images_to_one = list(steps), target, images_to_one
        self.num_draws = sum(1 + step.num_draws for step in steps)
        self.certain = target is None and probability >= 1
        self.register_buffer("p", torch.tensor(0.0 if target is not None else probability))

    def forward(self, x: Tensor, chance: Tensor) -> Tensor:
        at = 0
        for step in self.steps:
            changed = step(x, chance[:, at + 1 : at + 1 + step.num_draws])
            gate = (chance[:, at] < self.p).view(-1, *[1] * (x.ndim - 1))
            x = changed if self.certain else torch.where(gate, changed, x)
            at += 1 + step.num_draws
        return x

    @torch.no_grad()
    def adapt(self, real_logits: Tensor) -> None:
        """Move p a step up while the discriminator is surer of real samples than the target, else down. Shape: (B,)."""
        if self.target is not None:
            sure = mean_across(real_logits.float().sign().mean())
            num_images = len(real_logits) * num_processes()
            self.p.add_((sure - self.target).sign() * num_images / self.images_to_one).clamp_(0, 1)
