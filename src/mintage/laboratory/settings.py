"""What can be changed in the laboratory, and which of it while the players learn."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from mintage.config import Settings
from mintage.games.gan import Stakes
from mintage.objectives.adversarial import ObjectiveName

__all__ = ["FRESH", "LaboratorySettings"]

FRESH = ("width", "layers", "seed")  # settings that begin a new game


class LaboratorySettings(Settings):
    """Two small players and what they pay; networks and seed begin a new game, all else changes as they play."""

    objective: ObjectiveName = "non_saturating"
    """The adversarial loss."""
    lr_generator: float = Field(2e-3, ge=0, le=0.1)
    """Learning rate of the generator."""
    lr_discriminator: float = Field(2e-3, ge=0, le=0.1)
    """Learning rate of the discriminator."""
    r1: float = Field(0.1, ge=0, le=100)
    """Weight of the R1 penalty: slope at real samples."""
    gradient_penalty: float = Field(0.0, ge=0, le=100)
    """Weight of the WGAN-GP penalty: slope near one between real and generated samples."""
    critic_steps: int = Field(1, ge=1, le=20)
    """Turns of the discriminator for one of the generator."""
    batch: int = Field(128, ge=2, le=1024)
    """Samples a step."""
    speed: int = Field(10, ge=1, le=100)
    """Steps from one frame to the next."""
    width: int = Field(64, ge=4, le=256)
    """Units in each layer; a new game."""
    layers: int = Field(2, ge=1, le=5)
    """Hidden layers of each player; a new game."""
    seed: int = Field(0, ge=0, le=2**31)
    """The same seed plays the same game."""

    def stakes(self) -> Stakes:
        """What the two players pay."""
        return Stakes(
            objective=self.objective, r1=self.r1, gradient_penalty=self.gradient_penalty, critic_steps=self.critic_steps
        )

    def changed(self, values: dict[str, Any]) -> LaboratorySettings:
        """These with some values changed.

        Raises:
            ConfigError: one that does not fit.
        """
        return LaboratorySettings.read({**self.model_dump(), **values}, "settings")
