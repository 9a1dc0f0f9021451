"""A GAN of tables that starts from the columns one by one and learns what they have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Generator, Tensor, nn

from mintage.config import Settings
from mintage.contracts import DataSpec, Rung
from mintage.games.adversarial_records import AdversarialRecords, RecordStakes
from mintage.layers.record_features import RecordFeatures
from mintage.layers.record_positions import columns_of

__all__ = ["TabularGAN"]


class TabularGAN(Settings):
    """Residual players, the relativistic loss, and pairs of columns that are matched beside it.

    Choose it for tables whose records should come from one adversarial step rather than column by column.
    """

    latent_dim: int = Field(64, ge=1)
    """Length of z."""
    width: int = Field(128, ge=1)
    """Units of each hidden layer of both players."""
    blocks: int = Field(2, ge=1)
    """Residual blocks of each player."""
    temperature: float = Field(0.7, gt=0)
    """Of the slopes of chosen codes: lower ones are truer and noisier."""
    stakes: RecordStakes = RecordStakes(r1=0.5, r2=0.5, penalty_every=4, pairs_weight=300)
    """What the players pay."""

    habits: ClassVar[Mapping[str, Any]] = {
        "batch": 256, "lr": 2e-3, "betas": (0.5, 0.99), "ema_half_life": 50_000,
    }  # fmt: skip
    ladder: ClassVar[tuple[Rung, ...]] = (Rung({"width": 128}, 0), Rung({"width": 256}, 500_000))

    def build(self, spec: DataSpec) -> AdversarialRecords:
        """The game for these columns.

        Raises:
            SpecError: the data is not records of columns.
        """
        features = RecordFeatures(columns_of(spec, "TabularGAN"))
        generator = _Residual(self.latent_dim, features.width, self.width, self.blocks)
        sampler = _Sampler(generator, features, self.latent_dim, self.temperature)
        critic = nn.Sequential(_Residual(features.width, 1, self.width, self.blocks), nn.Flatten(0))
        return AdversarialRecords(sampler, critic, self.stakes)


class _Residual(nn.Sequential):
    """(B, inputs) -> (B, outputs)."""

    def __init__(self, inputs: int, outputs: int, width: int, blocks: int) -> None:
        body = [_Block(width) for _ in range(blocks)]
        last = nn.Linear(width, outputs)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        super().__init__(nn.Linear(inputs, width), *body, nn.LeakyReLU(0.2), last)


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        last = nn.Linear(width, width)
        nn.init.zeros_(last.weight)
        self.body = nn.Sequential(nn.LeakyReLU(0.2), nn.Linear(width, width), nn.LeakyReLU(0.2), last)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)  # type: ignore[no-any-return]


class _Sampler(nn.Module):
    """z and chance in one tensor, the generator, codes by the Gumbel-max trick.

    Shape: noise (n, latent_dim + num_codes + drawn) -> (n, P) int64.
    """

    def __init__(self, generator: nn.Module, features: RecordFeatures, latent_dim: int, temperature: float) -> None:
        super().__init__()
        self.generator, self.features = generator, features
        self.latent_dim, self.temperature = latent_dim, temperature

    def noise(self, n: int, rng: Generator) -> Tensor:
        """Normal numbers for z, uniform ones for all that is chosen. Shape: (n, latent_dim + choices)."""
        choices = self.features.num_codes + len(self.features.positions.drawn)
        z = torch.randn(n, self.latent_dim, generator=rng)
        return torch.cat([z, torch.rand(n, choices, generator=rng)], 1)

    def forward(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        z, uniform, drawn = self._parts(noise)
        return self.features.positions.filled(self.features.chosen(self.generator(z), uniform), drawn)

    def seen(self, codes: Tensor) -> Tensor:
        """Real records as features."""
        return self.features(codes)  # type: ignore[no-any-return]

    def ask(self, codes: Tensor, chance: Tensor) -> tuple[Tensor, Tensor]:
        """Every record stands for itself, and nothing is asked."""
        return torch.arange(len(codes), device=codes.device), chance.new_zeros(len(codes), 0)

    def relaxed(self, noise: Tensor, asked: Tensor) -> tuple[Tensor, Tensor]:
        """Features with slopes; nothing is missed."""
        z, uniform, _ = self._parts(noise)
        return self.features.relaxed(self.generator(z), uniform, self.temperature), noise.new_zeros(len(noise))

    def _parts(self, noise: Tensor) -> tuple[Tensor, ...]:
        return noise.tensor_split([self.latent_dim, self.latent_dim + self.features.num_codes], 1)
