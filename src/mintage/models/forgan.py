"""A conditional GAN that foretells a series one step ahead, and walks on from what it made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Generator, Tensor, nn

from mintage.config import Settings
from mintage.contracts import DataSpec, Rung
from mintage.games.adversarial_paths import AdversarialPaths, Meeting, PathStakes
from mintage.layers.across_variables import Together, Windows, windows_of
from mintage.layers.beginnings import Beginnings
from mintage.layers.known import parted, with_known
from mintage.layers.past import Past, num_features
from mintage.layers.shocks import Shocks

__all__ = ["ForGAN"]


class ForGAN(Settings):
    """ForGAN (Koochali et al., 2019): the next step given the past and noise, judged beside the step that came.

    Choose it where forecasts should come from an adversarial game. Its past is that of series_ar, running means of
    moves and of their squares, so that widths are learned relative to what is to be expected; all variables of a step
    are made at once, by shocks of their own and common ones.
    """

    width: int = Field(48, ge=1)
    """Units of the networks of both players, which all variables share."""
    common: int = Field(8, ge=1)
    """Numbers of noise a step that are common to all variables."""
    half_lives: tuple[float, ...] = (1.0, 4.0, 15.0, 60.0, 200.0)
    """Steps after which a move counts half, of each running mean."""
    lags: int = Field(4, ge=1)
    """Last steps that are seen one by one."""
    places: int = Field(32, ge=1)
    """Steps of each window that are learned from at a time, evenly apart from anywhere on."""
    stakes: PathStakes = PathStakes(r1=0.02, r2=0.02, penalty_every=4, score_weight=10)
    """What the players pay."""

    habits: ClassVar[Mapping[str, Any]] = {
        "batch": 16, "lr": 4e-3, "betas": (0.5, 0.99), "warmup": 30, "decay_from": 0.3, "decay_to": 0.02,
        "ema_half_life": 500.0, "max_gradient": 1.0, "precision": "float32",
    }  # fmt: skip
    ladder: ClassVar[tuple[Rung, ...]] = (Rung({"width": 48}, 0), Rung({"width": 96}, 5_000))

    def build(self, spec: DataSpec) -> AdversarialPaths:
        """The game for this data.

        Raises:
            SpecError: the data is no windows of real values.
        """
        windows = windows_of(spec, "ForGAN")
        walker = _Walker(_Generator(self, windows), self, windows)
        return AdversarialPaths(walker, _Discriminator(self, windows), self.stakes, walker.beginnings)


class _Generator(nn.Module):
    """Shape: noise (..., V + C), features (..., V, F) -> moves (..., V), in scales."""

    def __init__(self, model: ForGAN, windows: Windows) -> None:
        super().__init__()
        self.past = nn.Linear(num_features(len(model.half_lives), model.lags) + windows.known, model.width)
        self.own = nn.Parameter(0.1 * torch.randn(windows.variables, model.width))
        self.shocks = Shocks(windows.variables, model.width, model.common)

    def forward(self, noise: Tensor, features: Tensor) -> Tensor:
        return self.shocks(self.shocks.mixed(noise), self.past(features) + self.own)  # type: ignore[no-any-return]


class _Discriminator(nn.Module):
    """Shape: features (N, V, F), moves (N, V) -> (N,)."""

    def __init__(self, model: ForGAN, windows: Windows) -> None:
        super().__init__()
        self.past = nn.Linear(num_features(len(model.half_lives), model.lags) + windows.known, model.width)
        self.own = nn.Parameter(0.1 * torch.randn(windows.variables, model.width))
        self.now = nn.Linear(3, model.width)
        self.body = nn.Linear(model.width, model.width)
        self.head = nn.Linear(model.width, 1)
        self.together = Together(windows.variables, model.width)

    def forward(self, features: Tensor, moves: Tensor) -> Tensor:
        seen = torch.stack([moves, moves.abs(), moves.square()], -1)
        h = F.silu(self.past(features) + self.own + self.now(seen))
        h = h + F.silu(self.body(h))
        return self.head(h).mean((-1, -2)) + self.together(moves, h)  # type: ignore[no-any-return]


class _Walker(nn.Module):
    """Paths, step by step, by a generator of one step: those of a window's length from anywhere, or on from a history.

    Shape: noise (n, T, V + C), condition (n, P + 1, V) or (n, P + 1 + T, V + K), or one for all -> (n, T, V). Without a
    condition noise (n, 1 + T, V + C) -> (n, T + 1, V), whose first row is the start: where a window of training ended.
    """

    def __init__(self, generator: _Generator, model: ForGAN, windows: Windows) -> None:
        super().__init__()
        self.generator, self.half_lives, self.lags = generator, model.half_lives, model.lags
        self.variables, self.length, self.places = windows.variables, windows.length, min(model.places, windows.length)
        self.drawn = windows.variables + model.common
        ahead = windows.length, windows.known
        self.beginnings = Beginnings(model.half_lives, model.lags, windows.variables, ahead)

    def noise(self, n: int, rng: Generator) -> Tensor:
        """The chance of n windows without history. Shape: (n, 1 + T, V + C)."""
        return self.path_noise(n, 1 + self.length, rng)

    def path_noise(self, n: int, steps: int, rng: Generator) -> Tensor:
        """The chance of n paths that go on from a history. Shape: (n, steps, V + C)."""
        return torch.randn(n, steps, self.drawn, generator=rng)

    def forward(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        if condition is not None:
            history, _, ahead = parted(condition, self.variables, noise.shape[1])
            past = Past.along(history, self.half_lives, self.lags)[2]
            return self._go_on(past.repeated(len(noise)), ahead.expand(len(noise), -1, -1), noise)
        past, ahead = self.beginnings.drawn(noise[:, 0, 0])
        start = past.level[:, None]
        return torch.cat([start, self._go_on(past, ahead, noise[:, 1:])], 1)

    def chance(self, n: int, draws: int, rng: Generator) -> Tensor:
        """Of some steps of n windows, and which these are. Shape: (n, draws, J, V + C + 1)."""
        return torch.randn(n, draws, self.places, self.drawn + 1, generator=rng)

    def meet(self, x: Tensor, known: Tensor, chance: Tensor) -> Meeting:
        """Some steps of windows given what came before them, in scales, far ones drawn near.

        Shape: (B, T + 1, V), (B, 2 T + 1, K), (B, draws, J, V + C + 1) -> told (B J, V, F + K), real (B J, V), made
        (draws, B J, V).
        """
        features, scales, past = Past.along(x, self.half_lives, self.lags)
        features = with_known(features, known[:, 1 : x.shape[1]])
        steps, count = features.shape[1], chance.shape[2]
        begin = torch.special.ndtr(chance[:, 0, 0, -1:])
        which = ((torch.arange(count, device=x.device) + begin) * steps / count).long().clamp_max(steps - 1)  # (B, J)
        rows = torch.arange(len(x), device=x.device)[:, None]
        told, real = features[rows, which], x[:, 1:][rows, which] / scales[rows, which]
        made = self.generator(chance[..., :-1], told[:, None])
        near = made.transpose(0, 1).flatten(1, 2).asinh()
        return Meeting(told.flatten(0, 1), real.flatten(0, 1).asinh(), near, past)

    def _go_on(self, past: Past, ahead: Tensor, noise: Tensor) -> Tensor:
        steps = []
        for chance, known in zip(noise.unbind(1), ahead.unbind(1), strict=True):
            steps.append(self.generator(chance, with_known(past.features(), known)) * past.scale)
            past.advance(steps[-1])
        return torch.stack(steps, 1) if steps else noise[..., : self.variables]
