"""The game of one player: a forecaster of series pays for every step that it did not expect."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn

from mintage.contracts import Batch, Stake, Terms, Turn
from mintage.layers.beginnings import Beginnings
from mintage.layers.known import known_of, parted, with_known
from mintage.layers.past import Past
from mintage.layers.ring import Ring, chosen, tossed
from mintage.layers.step_law import StepLaw
from mintage.seeding import generator as generator_of

__all__ = ["NextStep", "PathSampler", "Window"]

_SURPRISES = 4_096  # steps whose surprises are remembered
_AT_ONCE = 8  # of each window of a batch
_RAREST = 6.0  # of a normal number: once in a billion
_WARM, _ENOUGH = 20, 250  # steps of a history before its surprises count, and from which on they count in full


class _Told(NamedTuple):
    """What the law of each step is told, and the step, in scales. Shape: (B, T, ...) each."""

    features: Tensor  # (..., V, F + K)
    scales: Tensor  # (..., V)
    moved: Tensor  # (..., V)
    lags: Tensor  # (..., L, V)


@dataclass(frozen=True)
class Window:
    """How windows are read: what is remembered of the past, and how long a drawn one is."""

    half_lives: tuple[float, ...]
    lags: int
    length: int  # steps behind the first row
    known: int  # numbers that are known of a row beforehand
    smoothing: float | None  # of surprises of history; None: they are those of the law
    recent: float = 0.0  # share of them that are of the history that a path goes on from


class PathSampler(nn.Module):
    """Paths, step by step: those of a window's length from anywhere, or on from a history.

    Two standard normal numbers a step and variable are all the chance. They are surprises of history, where those are
    asked for: the numbers by which the law would have given what came, of one time for all variables, a little blurred
    (filtered historical simulation: Barone-Adesi et al., 1999). What the law has wrong of a step, paths have right. A
    share of them is from the very history that a path goes on from: what has changed since the training counts too.

    A history is what windows are: a row that says where it starts, then increments; the path has as many steps as the
    noise. Where something is known of rows before they come, it stands beside them (`layers.known.joined`).

    Shape: noise (n, T, V, 2), condition (n, C + 1, V) or (n, C + 1 + T, V + K), or one for all -> (n, T, V). Without a
    condition noise (n, 1 + T, V, 2) -> (n, T + 1, V), whose first row is the start: where a window of training ended.
    """

    def __init__(self, law: StepLaw, window: Window) -> None:
        super().__init__()
        self.law, self.window = law, window
        self.beginnings = Beginnings(window.half_lives, window.lags, law.variables, (window.length, window.known))
        self.surprises = Ring(_SURPRISES if window.smoothing is not None else 0, law.variables, 2)

    def noise(self, n: int, rng: Generator) -> Tensor:
        """The chance of n windows without history. Shape: (n, 1 + T, V, 2)."""
        return self.path_noise(n, 1 + self.window.length, rng)

    def path_noise(self, n: int, steps: int, rng: Generator) -> Tensor:
        """The chance of n paths that go on from a history. Shape: (n, steps, V, 2)."""
        return torch.randn(n, steps, self.law.variables, 2, generator=rng)

    def forward(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        if condition is not None:
            history, known, ahead = parted(condition, self.law.variables, noise.shape[1])
            told, past = self.told(Batch(history, known))
            chance = self._surprised(noise, self._recent(told))
            return self._go_on(past.repeated(len(noise)), ahead.expand(len(noise), -1, -1), chance)
        past, ahead = self.beginnings.drawn(noise[:, 0, 0, 0])
        start = past.level[:, None]
        return torch.cat([start, self._go_on(past, ahead, self._surprised(noise[:, 1:]))], 1)

    def log_density(self, batch: Batch) -> Tensor:
        """Of each step of windows, whose first row is given. Shape: (B, T + 1, V) -> (B, T, V)."""
        return self.likely(self.told(batch)[0])

    def likely(self, told: _Told) -> Tensor:
        """The log density of each step. Shape: (B, T, V)."""
        law = self.law.law(self.law.heard(told.features), told.moved, told.lags)
        return law.log_density(told.moved) - told.scales.log()

    @torch.no_grad()
    def remember(self, batch: Batch, told: _Told, past: Past, rng: Generator) -> None:
        """What windows that are learned from ended with, and the surprises of some of their steps."""
        self.beginnings.remember(past, known_of(batch)[:, batch.x.shape[1] :])
        if self.window.smoothing is None:
            return
        count, steps = told.moved.shape[:2]
        rows = torch.randint(steps, (count, _AT_ONCE), generator=rng)
        told = _Told(*(part[torch.arange(count)[:, None], rows].flatten(0, 1) for part in told))
        learning = self.law.training
        self.law.eval()
        self.surprises.remember(self._surprises(told, torch.rand(*told.moved.shape, 2, generator=rng)))
        self.law.train(learning)

    def told(self, batch: Batch) -> tuple[_Told, Past]:
        """What the law is told of each step of windows, and what these end with."""
        x = batch.x.float()
        features, scales, past = Past.along(x, self.window.half_lives, self.window.lags)
        features = with_known(features, known_of(batch)[:, 1 : x.shape[1]])
        steps = x[:, 1:]
        padded = torch.cat([x.new_zeros(len(x), self.window.lags, x.shape[2]), steps], 1)
        lags = padded.unfold(1, self.window.lags, 1)[:, :-1].flip(3).transpose(2, 3)  # the last first
        return _Told(features, scales, steps / scales, lags / scales[:, :, None]), past

    def _surprises(self, told: _Told, luck: Tensor) -> Tensor:
        """The normal numbers by which the law gives these steps. Shape: (..., V, 2)."""
        law = self.law.law(self.law.heard(told.features), told.moved, told.lags)
        return law.chance_of(told.moved, luck.to(told.moved.device)).clamp(-_RAREST, _RAREST)

    def _recent(self, told: _Told) -> Tensor | None:
        """The surprises of histories; None where they are not to count. Shape: (n or 1, C', V, 2).

        Their mean is that of training: a year's drift is mostly chance, and would be repeated at every step.
        """
        steps = told.moved.shape[1] - _WARM
        if self.window.smoothing is None or self.surprises.is_empty or not self.window.recent or steps < 1:
            return None
        luck = torch.rand(*told.moved.shape[1:], 2, generator=generator_of(0, "recent"))  # the same at every asking
        recent = self._surprises(told, luck)[:, _WARM:]
        return recent - recent.mean(1, keepdim=True) + self.surprises.mean

    def _surprised(self, noise: Tensor, recent: Tensor | None = None) -> Tensor:
        """Normal numbers, or what stands for them. Shape: (n, T, V, 2) both."""
        if self.window.smoothing is None or self.surprises.is_empty:
            return noise
        drawn, left = self._drawn(noise[:, :, 0, 0], recent)
        share = self.window.smoothing
        blur = noise.clone()
        blur[:, :, 0, 0] = left
        return drawn * math.sqrt(1 - share**2) + blur * share

    def _drawn(self, chance: Tensor, recent: Tensor | None) -> tuple[Tensor, Tensor]:
        """Surprises of some step of training or of a history, and what is left of the chance. Shape: (n, T)."""
        if recent is None:
            return self.surprises.drawn(chance)
        is_recent, left = tossed(chance, self.window.recent * min(recent.shape[1] / _ENOUGH, 1.0))
        which, rest = chosen(left, recent.shape[1])
        near = recent.expand(len(chance), -1, -1, -1)[torch.arange(len(chance))[:, None], which]
        drawn, other = self.surprises.drawn(left)
        return torch.where(is_recent[..., None, None], near, drawn), torch.where(is_recent, rest, other)

    def _go_on(self, past: Past, ahead: Tensor, noise: Tensor) -> Tensor:
        steps = []
        for chance, known in zip(noise.unbind(1), ahead.unbind(1), strict=True):
            heard, scale = self.law.heard(with_known(past.features(), known)), past.scale
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
        return [Turn("forecaster", partial(self._pays, step, seed))]

    def examine(self, batch: Batch) -> Terms:
        """Nats a value on windows that nobody learns from."""
        return {"forecaster/heldout": _mean(-self.sampler.log_density(batch), batch.mask).detach()}

    def _pays(self, step: int, seed: int, batch: Batch) -> Stake:
        told, past = self.sampler.told(batch)
        if batch.mask is None:  # else some windows end before their last step
            self.sampler.remember(batch, told, past, generator_of(seed, step, "surprises"))
        return Stake({"nats": _mean(-self.sampler.likely(told), batch.mask)})


def _mean(nats: Tensor, mask: Tensor | None) -> Tensor:
    """Over all steps that are known. Shape: (B, T, V), (B, T + 1) -> ()."""
    if mask is None:
        return nats.mean()
    known = mask[:, 1:, None].expand_as(nats)
    return (nats * known).sum() / known.sum().clamp(min=1)
