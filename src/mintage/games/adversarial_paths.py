"""The adversarial game of series: a generator goes on from histories, a discriminator tells made moves from real."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple, Protocol

import torch
from pydantic import Field
from torch import Generator, Tensor, nn

from mintage.contracts import Batch, Share, Stake, Turn
from mintage.layers.beginnings import Beginnings
from mintage.layers.known import known_of
from mintage.layers.past import Past
from mintage.objectives.adversarial import LOSSES
from mintage.objectives.pairs import pair_distance
from mintage.objectives.ranked import ranked_score
from mintage.sampling import ForecastSampler
from mintage.seeding import generator as generator_of
from mintage.stakes import TwoPlayerStakes

__all__ = ["AdversarialPaths", "Meeting", "MovesSampler", "PathStakes"]

_FAR = 8.0  # usual widths: one move of a variable that had stood still must not outweigh all others


class PathStakes(TwoPlayerStakes):
    """What the two players of a game of series pay, and how often."""

    score_weight: float = Field(0.0, ge=0)
    """Price of the continuous ranked probability score of two draws of each move, beside the adversarial loss."""
    pairs_weight: float = Field(0.0, ge=0)
    """Price of the distance between second moments of real and of made moves, of each pair of variables."""


class Meeting(NamedTuple):
    """Moves that were made and real ones as both players see them, drawn near (asinh), and what was known before."""

    told: Tensor  # (N, ...)
    real: Tensor  # (N, ...)
    made: Tensor  # (draws, N, ...)
    past: Past | None = None  # what the windows ended with


def _plain(near: Tensor) -> Tensor:
    """Moves as they are, the farthest cut off for real and made alike. Shape: (..., V) -> (N, V)."""
    return near.flatten(0, -2).sinh().clamp(-_FAR, _FAR)


class MovesSampler(ForecastSampler, Protocol):
    """A sampler of series that can also go on from the histories within windows, with slopes."""

    @property
    def generator(self) -> nn.Module: ...  # the player

    def chance(self, n: int, draws: int, rng: Generator) -> Tensor: ...  # of n windows: (n, draws, ...)
    def meet(self, x: Tensor, known: Tensor, chance: Tensor) -> Meeting: ...  # windows (n, T + 1, V), (n, 2 T + 1, K)


class _Round:
    """One step's meeting for both players: made once, where the graph may wait for the generator.

    Of micro-batches the last alone is kept, so that cutting a batch still saves memory; the others are made again.
    """

    def __init__(self, sampler: MovesSampler, draws: int, step: int, seed: int) -> None:
        self.sampler, self.draws, self.step, self.seed = sampler, draws, step, seed
        self._last: tuple[Share | None, Meeting] | None = None

    def of(self, batch: Batch, *, with_graph: bool = False) -> Meeting:
        """What stands beside this batch, the same in every turn of the step."""
        if self._last is None or self._last[0] != batch.share or (with_graph and not self._last[1].made.requires_grad):
            rng = generator_of(self.seed, self.step, "noise")
            chance = batch.cut(lambda n: self.sampler.chance(n, self.draws, rng)).to(batch.x.device)
            self._last = batch.share, self.sampler.meet(batch.x.float(), known_of(batch), chance)
        return self._last[1]


class AdversarialPaths(nn.Module):
    """Two players: the discriminator tells real moves from made ones by what was known before, the generator answers.

    The discriminator's forward takes (what was known, moves) and gives logits. It moves first; the generator answers
    the moved discriminator with the same moves, which wait with their graph between the two turns. Beside it the
    generator may pay what its draws lose as forecasts: the adversary sees what they are like, a score whether they
    spread as they should (scoring rules as stakes: Pacchiardi et al., 2024). Neither sees well that all are a little
    too narrow, which a path that walks on from its own moves takes for calm and repeats; second moments do.
    """

    beginnings: Beginnings | None

    def __init__(
        self,
        sampler: MovesSampler,
        discriminator: nn.Module,
        stakes: PathStakes,
        beginnings: Beginnings | None = None,
    ) -> None:
        super().__init__()
        self.players = {"discriminator": discriminator, "generator": sampler.generator}
        self.sampler, self.discriminator, self.stakes = sampler, discriminator, stakes
        self.__dict__["beginnings"] = beginnings  # the sampler's, told what windows end with; it is in the state once
        self.loss, self.penalties = LOSSES[stakes.objective], stakes.penalties()
        self.draws = 2 if stakes.score_weight else 1

    def turns(self, step: int, seed: int) -> list[Turn]:
        answers = step % self.stakes.critic_steps == 0
        met = _Round(self.sampler, self.draws, step, seed)
        pays = partial(self._discriminator_pays, step, seed, met)
        turns = [Turn("discriminator", pays, awake=("generator",) if answers else ())]
        return [*turns, Turn("generator", partial(self._generator_pays, met), every=self.stakes.critic_steps)]

    @torch.no_grad()
    def examine(self, batch: Batch) -> dict[str, Tensor]:
        """The discriminator's mean logit for moves that nobody learns from. Shape: ()."""
        chance = self.sampler.chance(len(batch), 1, generator_of(0, "examine")).to(batch.x.device)
        met = self.sampler.meet(batch.x.float(), known_of(batch), chance)
        return {"discriminator/heldout": self._judge(met.told, met.real).mean()}

    def _discriminator_pays(self, step: int, seed: int, met: _Round, batch: Batch) -> Stake:
        told, real, made, past = met.of(batch)
        if self.beginnings is not None and past is not None:
            self.beginnings.remember(past, known_of(batch)[:, batch.x.shape[1] :])
        fake, told = made[0].detach(), told.detach()
        on_real, on_fake = self._judge(torch.cat([told, told]), torch.cat([real, fake])).chunk(2)
        pays = {"adversarial": self.loss.discriminator(on_real, on_fake).mean()}
        if self.penalties and step % self.stakes.penalty_every == 0:
            rng = generator_of(seed, step, "penalty")
            rows = len(real) // len(batch)
            mix = batch.cut(lambda n: torch.rand(n, rows, generator=rng)).flatten().to(real.device)
            judge = partial(self._judge, told.float())
            pays |= {p.name: p.price(judge, real, fake, mix) for p in self.penalties}
        return Stake(pays, self._figures(on_real.detach(), on_fake.detach()))

    def _generator_pays(self, met: _Round, batch: Batch) -> Stake:
        told, real, made, _ = met.of(batch, with_graph=True)
        on_real = on_fake = self._judge(told, made[0])
        if self.loss.compares:
            with torch.no_grad():
                on_real = self._judge(told, real)
        pays = {"adversarial": self.loss.generator(on_real, on_fake).mean()}
        if self.stakes.score_weight:
            pays["score"] = self.stakes.score_weight * ranked_score(real, made[0], made[1])
        if self.stakes.pairs_weight:
            pays["pairs"] = self.stakes.pairs_weight * pair_distance(_plain(real), _plain(made[0]))
        return Stake(pays)

    def _judge(self, told: Tensor, moves: Tensor) -> Tensor:
        return self.discriminator(told, moves).float()  # type: ignore[no-any-return]

    def _figures(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        real_name, fake_name = ("real", "fake") if self.loss.is_logit else ("score_real", "score_fake")
        recognition = (real > fake).float().mean()  # of moves from one history; 0.5: told apart by chance alone
        return {real_name: real.mean(), fake_name: fake.mean(), "recognition": recognition}
