"""The settings that games of two players share, whatever their players judge."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field
from torch import Tensor

from mintage.config import Settings
from mintage.objectives.adversarial import ObjectiveName
from mintage.objectives.penalties import Penalty, of_patches

__all__ = ["PatchStakes", "TwoPlayerStakes"]


class PatchStakes(Settings):
    """What a discriminator of patches pays besides, and how often."""

    r1: float = Field(0.0, ge=0)
    """Weight of the R1 penalty (slope at real pictures), whatever their size; 0 leaves it out."""
    penalty_every: int = Field(16, ge=1)
    """The penalty is paid every so many steps, weighted up as much."""

    def slope_price(self, judge: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
        """The price of this judge's slopes at real pictures. Shape: (B, C, H, W) -> ()."""
        return Penalty("r1", self.r1, self.penalty_every).price(of_patches(judge), real, real, real)


class TwoPlayerStakes(Settings):
    """What two players pay, and how often."""

    objective: ObjectiveName = "relativistic"
    """The adversarial loss: docs/concepts.md has the formula of each."""
    r1: float = Field(0.0, ge=0)
    """Weight of the R1 penalty (slope at real ones); 0 leaves it out."""
    r2: float = Field(0.0, ge=0)
    """Weight of the R2 penalty (slope at made ones); 0 leaves it out."""
    gradient_penalty: float = Field(0.0, ge=0)
    """Weight of the WGAN-GP penalty (slope near one between real and made); 10 in the paper."""
    penalty_every: int = Field(1, ge=1)
    """Penalties are paid every so many steps, weighted up as much; 16 makes them nearly free."""
    critic_steps: int = Field(1, ge=1)
    """Turns of the discriminator for one of the generator."""

    def penalties(self) -> list[Penalty]:
        """The penalties whose weight is not zero."""
        weights = {"r1": self.r1, "r2": self.r2, "gradient_penalty": self.gradient_penalty}
        return [Penalty(name, weight, self.penalty_every) for name, weight in weights.items() if weight]
