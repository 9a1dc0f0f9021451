"""The game of the laboratory: two multilayer perceptrons in the plane, moved by the engine's own turns and updates."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Literal, cast

import torch
from torch import Generator, Tensor, nn

from mintage.contracts import Batch, Game
from mintage.games.gan import GAN, LatentSampler
from mintage.laboratory.distributions import Distribution
from mintage.laboratory.settings import FRESH, LaboratorySettings
from mintage.numbers import Numbers
from mintage.seeding import generator
from mintage.training.settings import TrainingSettings
from mintage.training.update import PlainUpdate

__all__ = ["LATENT", "Experiment", "Which"]

Which = Literal["generator", "discriminator", "both"]

LATENT = 2  # so that the generator is a sheet that can be drawn
_BETAS = (0.5, 0.9)


class Experiment:
    """A GAN that learns a distribution in the plane; all that happens is a function of seed, settings and moves."""

    def __init__(self, reals: Distribution, settings: LaboratorySettings) -> None:
        self.reals, self.settings = reals, settings
        self.step = 0
        self.losses: dict[str, float] = {}
        rng = generator(settings.seed, "weights")
        sampler = LatentSampler(_Plain(LATENT, 2, settings, rng), LATENT)
        self.game = GAN(sampler, _Judge(2, 1, settings, rng), settings.stakes())
        self.update = PlainUpdate(cast(Game, self.game), TrainingSettings(betas=_BETAS), Numbers())
        self._set_rates()

    def change(self, values: Mapping[str, Any]) -> Experiment:
        """This experiment under other settings: itself, or a new one where the networks or the seed are others.

        Raises:
            ConfigError: a value that does not fit.
        """
        settings = self.settings.changed(dict(values))
        if any(getattr(settings, name) != getattr(self.settings, name) for name in FRESH):
            return Experiment(self.reals, settings)
        self.settings = settings
        self.game = GAN(self.game.sampler, self.game.discriminator, settings.stakes())
        self._set_rates()
        return self

    def advance(self, which: Which = "both") -> None:
        """One step: both players' turns, or those of one alone. The other one does not move."""
        batch = Batch(self.reals.sample(self.settings.batch, generator(self.settings.seed, "real", self.step)))
        for turn in self.game.turns(self.step, self.settings.seed):
            if which not in ("both", turn.player) or (which == "both" and self.step % turn.every):
                continue
            stake = self.update(turn, [batch])
            self.losses[turn.player] = float(torch.stack([*stake.pays.values()]).sum())
        self.step += 1

    @torch.no_grad()
    def fakes(self, n: int) -> Tensor:
        """The samples of always the same noise. Shape: (n, 2)."""
        return self.game.sampler(self.game.sampler.noise(n, generator(self.settings.seed, "look")))  # type: ignore[no-any-return]

    def _set_rates(self) -> None:
        self.update.rates.update(generator=self.settings.lr_generator, discriminator=self.settings.lr_discriminator)
        self.update.set_rate(1.0)


class _Plain(nn.Module):
    """A multilayer perceptron. Shape: (B, inputs) -> (B, outputs)."""

    def __init__(self, inputs: int, outputs: int, settings: LaboratorySettings, rng: Generator) -> None:
        super().__init__()
        widths = [inputs, *[settings.width] * settings.layers]
        layers: list[nn.Module] = []
        for i, o in pairwise(widths):
            layers += [_linear(i, o, rng), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers, _linear(widths[-1], outputs, rng))

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.body(x)  # type: ignore[no-any-return]


class _Judge(_Plain):
    """The same with one logit. Shape: (B, 2) -> (B,)."""

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.body(x).squeeze(1)  # type: ignore[no-any-return]


def _linear(i: int, o: int, rng: Generator) -> nn.Linear:
    layer = nn.Linear(i, o)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(o, i, generator=rng) * (1.4 / i**0.5))
        layer.bias.copy_(torch.randn(o, generator=rng) * 0.1)
    return layer
