"""What each player of an adversarial game pays for the logits of real and generated samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import torch.nn.functional as F
from torch import Tensor

__all__ = ["LOSSES", "AdversarialLoss", "ObjectiveName"]

ObjectiveName = Literal["non_saturating", "minimax", "hinge", "least_squares", "wasserstein", "relativistic"]


@dataclass(frozen=True, slots=True)
class AdversarialLoss:
    """What each player pays, sample by sample, for the logits (B,) of real and generated samples."""

    discriminator: Callable[[Tensor, Tensor], Tensor]  # (real, fake) -> (B,)
    generator: Callable[[Tensor, Tensor], Tensor]  # (real, fake) -> (B,)
    compares: bool = False  # whether the generator's price depends on the real logits
    is_logit: bool = True  # whether the discriminator's output is a logit: its sigmoid is a probability


LOSSES: Mapping[ObjectiveName, AdversarialLoss] = {
    # -log D(x) - log(1 - D(G(z))) against -log D(G(z)) (Goodfellow et al., 2014)
    "non_saturating": AdversarialLoss(
        discriminator=lambda real, fake: F.softplus(-real) + F.softplus(fake),
        generator=lambda real, fake: F.softplus(-fake),
    ),
    # the same, but the generator lowers log(1 - D(G(z))): its slope vanishes while D wins
    "minimax": AdversarialLoss(
        discriminator=lambda real, fake: F.softplus(-real) + F.softplus(fake),
        generator=lambda real, fake: -F.softplus(fake),
    ),
    # Lim and Ye (2017)
    "hinge": AdversarialLoss(
        discriminator=lambda real, fake: F.relu(1 - real) + F.relu(1 + fake),
        generator=lambda real, fake: -fake,
    ),
    # Mao et al. (2017)
    "least_squares": AdversarialLoss(
        discriminator=lambda real, fake: 0.5 * ((real - 1).square() + fake.square()),
        generator=lambda real, fake: 0.5 * (fake - 1).square(),
        is_logit=False,
    ),
    # Arjovsky et al. (2017); needs a penalty that bounds the critic's slope
    "wasserstein": AdversarialLoss(
        discriminator=lambda real, fake: fake - real,
        generator=lambda real, fake: -fake,
        is_logit=False,
    ),
    # relativistic pairing (Jolicoeur-Martineau, 2019; Huang et al., 2024)
    "relativistic": AdversarialLoss(
        discriminator=lambda real, fake: F.softplus(fake - real),
        generator=lambda real, fake: F.softplus(real - fake),
        compares=True,
    ),
}
assert set(LOSSES) == set(get_args(ObjectiveName))
