"""The game of one player: a forecaster of series pays for every step that it did not expect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn

from mintage.contracts import Batch, Stake, Terms, Turn
from mintage.layers.beginnings import Beginnings
from mintage.layers.past import Past
from mintage.layers.step_law import StepLaw

__all__ = ["NextStep", "PathSampler", "Window"]


@dataclass(frozen=True)
class Window:
    """How windows are read: what is remembered of the past, and how long a drawn one is."""

    half_lives: tuple[float, ...]
    lags: int
    length: int  # steps behind the first row


class PathSampler(nn.Module):
    """Paths, step by step: those of a window's length from anywhere, or on from a history.

    Two standard normal numbers a step and variable are all the chance. A history is what windows are: a row that says
    where it starts, then increments; the path has as many steps as the noise.

    Shape: noise (n, T, V, 2), condition (n, C + 1, V) or one for all (1, C + 1, V) -> (n, T, V); without one
    noise (n, 1 + T, V, 2) -> (n, T + 1, V), whose first row is the start: where a window of training ended.
    """

    def __init__(self, law: StepLaw, window: Window) -> None:
        super().__init__()
        self.law, self.window = law, window
        self.beginnings = Beginnings(window.half_lives, window.lags, law.variables)

    def noise(self, n: int, rng: Generator) -> Tensor:
        """The chance of n windows without history. Shape: (n, 1 + T, V, 2)."""
        return self.path_noise(n, 1 + self.window.length, rng)

    def path_noise(self, n: int, steps: int, rng: Generator) -> Tensor:
        """The chance of n paths that go on from a history. Shape: (n, steps, V, 2)."""
        return torch.randn(n, steps, self.law.variables, 2, generator=rng)

    def forward(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        if condition is not None:
            past = Past.along(condition.float(), self.window.half_lives, self.window.lags)[2]
            return self._go_on(past.repeated(len(noise)), noise)
        past = self.beginnings.drawn(noise[:, 0, 0, 0])
        start = past.level[:, None]
        return torch.cat([start, self._go_on(past, noise[:, 1:])], 1)

    def log_density(self, x: Tensor) -> Tensor:
        """Of each step of windows, whose first row is given. Shape: (B, T + 1, V) -> (B, T, V)."""
        return self.read(x)[0]

    def read(self, x: Tensor) -> tuple[Tensor, Past]:
        """The log density of each step of windows, and what these end with."""
        features, scales, past = Past.along(x.float(), self.window.half_lives, self.window.lags)
        steps = x[:, 1:].float()
        padded = torch.cat([x.new_zeros(len(x), self.window.lags, x.shape[2]).float(), steps], 1)
        lags = padded.unfold(1, self.window.lags, 1)[:, :-1].flip(3).transpose(2, 3)  # (B, T, L, V), the last first
        moved = steps / scales
        law = self.law.law(self.law.heard(features), moved, lags / scales[:, :, None])
        return law.log_density(moved) - scales.log(), past

    def _go_on(self, past: Past, noise: Tensor) -> Tensor:
        steps = []
        for chance in noise.unbind(1):
            heard, scale = self.law.heard(past.features()), past.scale
            lags, moved = past.lags / scale[:, None], torch.zeros_like(scale)
            for v in range(self.law.variables):
                which = slice(v, v + 1)
                drawn = self.law.law(heard[:, which], moved, lags[..., which], which).at(chance[:, which])
                moved = torch.cat([moved[:, :v], drawn, moved[:, v + 1 :]], 1)
            steps.append(moved * scale)
            past.advance(steps[-1])
        return torch.stack(steps, 1) if steps else noise[..., 0]


class NextStep(nn.Module):
    """Maximum likelihood of each step of a series given those before it. The stake is in nats a value."""

    def __init__(self, sampler: PathSampler) -> None:
        super().__init__()
        self.players = {"forecaster": sampler.law}
        self.sampler = sampler

    def turns(self, step: int, seed: int) -> Sequence[Turn]:
        """One turn, every step."""
        return [Turn("forecaster", self._pays)]

    def examine(self, batch: Batch) -> Terms:
        """Nats a value on windows that nobody learns from."""
        return {"forecaster/heldout": _mean(-self.sampler.log_density(batch.x), batch.mask).detach()}

    def _pays(self, batch: Batch) -> Stake:
        likely, past = self.sampler.read(batch.x)
        if batch.mask is None:  # else some windows end before their last step
            self.sampler.beginnings.remember(past)
        return Stake({"nats": _mean(-likely, batch.mask)})


def _mean(nats: Tensor, mask: Tensor | None) -> Tensor:
    """Over all steps that are known. Shape: (B, T, V), (B, T + 1) -> ()."""
    if mask is None:
        return nats.mean()
    known = mask[:, 1:, None].expand_as(nats)
    return (nats * known).sum() / known.sum().clamp(min=1)
