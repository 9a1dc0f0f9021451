"""Quant GAN: whole paths from a sequence of noise, by temporal convolutions, on from a history or from nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Generator, Tensor, nn

from mintage.config import Settings
from mintage.contracts import DataSpec, Rung
from mintage.games.adversarial_paths import AdversarialPaths, Meeting, PathStakes
from mintage.layers.across_variables import Together, windows_of
from mintage.layers.known import parted
from mintage.layers.shocks import Shocks
from mintage.layers.temporal import Seen, Temporal

__all__ = ["QuantGAN"]

_READ, _JUDGED = 3, 5  # numbers that are read of a variable's step
_STILL = 0.05  # a square below which steps count as still


class QuantGAN(Settings):
    """Quant GAN (Wiese et al., 2020): temporal convolutions say how wide the next step is, a small network what it is.

    Choose it for scenarios: a path of any length is made at once, so its volatility is learned over whole windows and
    cannot drift away step by step. What the paper's noise has told before a path begins, today's history tells here.
    Heavy tails come from a Lambert W transformation that is learned, and the discriminator sees far moves drawn near.

    The paper's volatility follows the noise alone, and must be learned for it anew; here the noise is read as moves,
    by the same weights as a history, first as if of usual width, then as wide as that made them (`passes`). Of the
    calendar and of attributes it is told nothing.
    """

    width: int = Field(16, ge=1)
    """Channels of both players' convolutions, which all variables share."""
    depth: int = Field(6, ge=1)
    """Convolutions, each twice as far apart as the one before: 6 look back 126 steps."""
    common: int = Field(8, ge=1)
    """Numbers of noise a step that are common to all variables."""
    passes: int = Field(2, ge=1)
    """How often noise is read as the moves that it would make."""
    forgets: float = Field(0.5, ge=0, le=1)
    """Share of the windows whose history is hidden from both players: what is learned for paths from anywhere."""
    stakes: PathStakes = PathStakes(r1=0.1, r2=0.1, penalty_every=4, score_weight=10)
    """What the players pay."""

    habits: ClassVar[Mapping[str, Any]] = {
        "batch": 8, "lr": 4e-3, "betas": (0.5, 0.99), "warmup": 30, "decay_from": 0.3, "decay_to": 0.02,
        "ema_half_life": 500.0, "max_gradient": 1.0, "precision": "float32",
    }  # fmt: skip
    ladder: ClassVar[tuple[Rung, ...]] = (Rung({"width": 16}, 0), Rung({"width": 32}, 10_000))

    def build(self, spec: DataSpec) -> AdversarialPaths:
        """The game for this data.

        Raises:
            SpecError: the data is no windows of real values.
        """
        length, variables, _ = windows_of(spec, "QuantGAN")
        sampler = _Paths(_Generator(self, variables), self, length)
        return AdversarialPaths(sampler, _Discriminator(self, variables), self.stakes)


class _Generator(nn.Module):
    """The law of each step by all that was known or drawn before it (stochastic volatility, section 5.2 of the paper).

    Shape: noise (N, H, V + K), what was seen, moves that are known (N, H, V) and where (N, H, 1) -> moves (N, H, V).
    """

    def __init__(self, model: QuantGAN, variables: int) -> None:
        super().__init__()
        self.temporal, self.passes = Temporal(_READ, model.width, model.depth), model.passes
        self.own = nn.Parameter(0.1 * torch.randn(variables, model.width))
        self.shocks = Shocks(variables, model.width, model.common)

    def forward(self, noise: Tensor, seen: Seen, known: Tensor | None = None, where: Tensor | None = None) -> Tensor:
        chance = self.shocks.mixed(noise)
        moves = chance.own
        for _ in range(self.passes):
            near = moves.asinh()
            if known is not None and where is not None:
                near = torch.where(where > 0, known, near)
            h, _ = self.temporal.read(_read(near), seen)
            before = torch.cat([seen.last.expand(len(h), -1, -1)[:, None], h], 1)[:, :-1]  # none sees its own step
            moves = self.shocks(chance, before + self.own)
        return moves

    def seen(self, history: Tensor) -> Seen:
        """What a history of moves that are drawn near tells; none is known to be none. Shape: (N, C, V)."""
        nothing = self.temporal.nothing(history, self.shocks.variables)
        return self.temporal.read(_read(history), nothing)[1] if history.shape[1] else nothing


def _read(near: Tensor) -> Tensor:
    """Moves, how large they are, and by how many times. Shape: (..., V) -> (..., V, 3)."""
    return torch.stack([near, near.abs(), (near.square() + _STILL).log()], -1)


class _Discriminator(nn.Module):
    """Shape: history and whether it is known (N, C, V + 1), moves (N, H, V), both drawn near -> (N,)."""

    def __init__(self, model: QuantGAN, variables: int) -> None:
        super().__init__()
        self.temporal = Temporal(_JUDGED, model.width, model.depth)
        self.own = nn.Parameter(0.1 * torch.randn(variables, model.width))
        self.body = nn.Linear(model.width, model.width)
        self.head = nn.Linear(model.width, 1)
        self.together = Together(variables, 2 * model.width)
        self.wide = nn.Linear(model.width, 2 * model.width)

    def forward(self, told: Tensor, moves: Tensor) -> Tensor:
        history, known = told[..., :-1], told[..., -1:].expand_as(told[..., :-1])
        none = torch.zeros_like(moves)
        whole, is_known, is_judged = (
            torch.cat(pair, 1) for pair in ((history, moves), (known, none), (torch.zeros_like(history), none + 1))
        )
        h = self.temporal(torch.cat([_read(whole), torch.stack([is_known, is_judged], -1)], -1))
        h = h[:, history.shape[1] :]
        h = nn.functional.silu(self.body(h + self.own)) + h
        return self.head(h).mean((1, 2, 3)) + self.together(moves, self.wide(h)).mean(1)  # type: ignore[no-any-return]


class _Paths(nn.Module):
    """Paths at once: those of a window's length from anywhere, or on from a history.

    Shape: noise (n, T, V + K), condition (n, C + 1, V) or one for all (1, C + 1, V) -> (n, T, V); without one
    noise (n, reach + T, V + K) -> (n, T + 1, V), whose first row is the start.
    """

    def __init__(self, generator: _Generator, model: QuantGAN, length: int) -> None:
        super().__init__()
        self.generator, self.length, self.forgets = generator, length, model.forgets
        self.variables, self.drawn = generator.shocks.variables, generator.shocks.variables + model.common

    def noise(self, n: int, rng: Generator) -> Tensor:
        """The chance of n windows without history. Shape: (n, reach + T, V + K)."""
        return self.path_noise(n, self.generator.temporal.reach + self.length, rng)

    def path_noise(self, n: int, steps: int, rng: Generator) -> Tensor:
        """The chance of n paths that go on from a history. Shape: (n, steps, V + K)."""
        return torch.randn(n, steps, self.drawn, generator=rng)

    def forward(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        reach = self.generator.temporal.reach
        if condition is not None:
            history = parted(condition, self.variables, noise.shape[1]).history[:, 1:][:, -reach:]
            return self.generator(noise, self.generator.seen(history.asinh()))  # type: ignore[no-any-return]
        made = self.generator(noise, self.generator.seen(noise[:, :0, : self.variables]))[:, reach:]
        return torch.cat([torch.zeros_like(made[:, :1]), made], 1)

    def chance(self, n: int, draws: int, rng: Generator) -> Tensor:
        """Of n windows, and which of them forget. Shape: (n, draws, T, V + K + 1)."""
        return torch.randn(n, draws, self.length, self.drawn + 1, generator=rng)

    def meet(self, x: Tensor, known: Tensor, chance: Tensor) -> Meeting:
        """The later half of windows given the earlier one, or where that is hidden, from noise in its place.

        Shape: (B, T + 1, V), (B, draws, T, V + K + 1) -> told (B, T / 2, V + 1), real (B, T / 2, V), made alike.
        """
        near = x[:, 1:].asinh()
        first = near.shape[1] // 2
        noise, draws = chance[..., :-1], chance.shape[1]
        keeps = (torch.special.ndtr(chance[:, 0, 0, -1]) >= self.forgets).to(near.dtype)[:, None, None]
        told = torch.cat([near[:, :first] * keeps, keeps.expand(-1, first, 1)], 2)
        where = keeps * (torch.arange(near.shape[1], device=x.device) < first)[:, None]  # (B, T, 1)
        nothing = self.generator.seen(near[:, :0])
        made = [
            self.generator(noise[:, draw, : near.shape[1]], nothing, near, where)[:, first:] for draw in range(draws)
        ]
        return Meeting(told, near[:, first:], torch.stack(made).asinh())
