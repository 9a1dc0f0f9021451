"""The adversarial game of records: codes have no slopes, so both players meet in vectors that stand for them."""

from __future__ import annotations

from functools import partial
from typing import Protocol

import torch
from pydantic import Field
from torch import Tensor, nn

from mintage.contracts import Batch, Sampler, Share, Stake, Turn
from mintage.objectives.adversarial import LOSSES
from mintage.objectives.pairs import pair_distance
from mintage.seeding import generator as generator_of
from mintage.stakes import TwoPlayerStakes

__all__ = ["AdversarialRecords", "RecordSampler", "RecordStakes"]


class RecordStakes(TwoPlayerStakes):
    """What the two players of a game of records pay, and how often."""

    asked_weight: float = Field(0.0, ge=0)
    """Price of a nat by which the generator misses what it was asked for; for models that ask."""
    pairs_weight: float = Field(0.0, ge=0)
    """Price of the distance between what pairs of columns have in common in real and in made records."""


class RecordSampler(Sampler, Protocol):
    """A sampler of records that can also make vectors with slopes."""

    @property
    def generator(self) -> nn.Module: ...  # the player

    def seen(self, codes: Tensor) -> Tensor: ...  # real records as vectors: (B, P) -> (B, F)
    def ask(self, codes: Tensor, chance: Tensor) -> tuple[Tensor, Tensor]: ...  # (B, P), (B, 2) -> rows, asked (B, A)
    def relaxed(self, noise: Tensor, asked: Tensor) -> tuple[Tensor, Tensor]: ...  # (B, F), nats it misses (B,)


class _Round:
    """One step's real and made records for both players: made once, where the graph may wait for the generator.

    Of micro-batches the last alone is kept, so that cutting a batch still saves memory; the others are made again.
    """

    def __init__(self, sampler: RecordSampler, step: int, seed: int) -> None:
        self.sampler, self.step, self.seed = sampler, step, seed
        self._last: tuple[Share | None, tuple[Tensor, ...]] | None = None

    def of(self, batch: Batch, *, with_graph: bool = False) -> tuple[Tensor, ...]:
        """Real vectors, made ones, what was asked of both, and how far it was missed."""
        if self._last is None or self._last[0] != batch.share or (with_graph and not self._last[1][1].requires_grad):
            rng = generator_of(self.seed, self.step, "noise")
            chance = batch.cut(lambda n: torch.rand(n, 2, generator=rng)).to(batch.x.device)
            noise = batch.cut(lambda n: self.sampler.noise(n, rng)).to(batch.x.device)
            rows, asked = self.sampler.ask(batch.x, chance)
            self._last = batch.share, (self.sampler.seen(batch.x[rows]), *self.sampler.relaxed(noise, asked), asked)
        return self._last[1]


class AdversarialRecords(nn.Module):
    """Two players: the discriminator tells real records from made ones, the generator makes it fail.

    The discriminator moves first; the generator answers the moved discriminator with the same records, which wait with
    their graph between the two turns. `pack` records are judged together, all real or all made (PacGAN; Lin et al.,
    2018): made ones that are all alike give themselves away.
    """

    def __init__(
        self, sampler: RecordSampler, discriminator: nn.Module, stakes: RecordStakes, *, pack: int = 1
    ) -> None:
        super().__init__()
        self.players = {"discriminator": discriminator, "generator": sampler.generator}
        self.sampler, self.discriminator, self.stakes, self.pack = sampler, discriminator, stakes, pack
        self.loss, self.penalties = LOSSES[stakes.objective], stakes.penalties()

    def turns(self, step: int, seed: int) -> list[Turn]:
        answers = step % self.stakes.critic_steps == 0
        made = _Round(self.sampler, step, seed)
        pays = partial(self._discriminator_pays, step, seed, made)
        turns = [Turn("discriminator", pays, awake=("generator",) if answers else ())]
        return [*turns, Turn("generator", partial(self._generator_pays, made), every=self.stakes.critic_steps)]

    @torch.no_grad()
    def examine(self, batch: Batch) -> dict[str, Tensor]:
        """The discriminator's mean logit for records that nobody learns from. Shape: ()."""
        rng = generator_of(0, "examine")
        rows, asked = self.sampler.ask(batch.x, torch.rand(len(batch), 2, generator=rng).to(batch.x.device))
        return {"discriminator/heldout": self._judge(self._packed(self.sampler.seen(batch.x[rows]), asked)).mean()}

    def _discriminator_pays(self, step: int, seed: int, made: _Round, batch: Batch) -> Stake:
        seen, vectors, _, asked = made.of(batch)
        real, fake = self._packed(seen, asked), self._packed(vectors.detach(), asked)
        on_real, on_fake = self._judge(torch.cat([real, fake])).chunk(2)
        pays = {"adversarial": self.loss.discriminator(on_real, on_fake).mean()}
        if self.penalties and step % self.stakes.penalty_every == 0:
            rng = generator_of(seed, step, "penalty")
            mix = batch.cut(lambda n: torch.rand(n, generator=rng))[: len(real)].to(real.device)
            pays |= {p.name: p.price(self._judge, real, fake, mix) for p in self.penalties}
        return Stake(pays, self._figures(on_real.detach(), on_fake.detach()))

    def _generator_pays(self, made: _Round, batch: Batch) -> Stake:
        seen, vectors, misses, asked = made.of(batch, with_graph=True)
        on_real = on_fake = self._judge(self._packed(vectors, asked))
        if self.loss.compares:
            with torch.no_grad():
                on_real = self._judge(self._packed(seen, asked))
        pays = {"adversarial": self.loss.generator(on_real, on_fake).mean()}
        if self.stakes.asked_weight and asked.shape[1]:
            pays["asked"] = self.stakes.asked_weight * misses.mean()
        if self.stakes.pairs_weight:
            pays["pairs"] = self.stakes.pairs_weight * pair_distance(seen, vectors)
        return Stake(pays)

    def _judge(self, packed: Tensor) -> Tensor:
        return self.discriminator(packed).float()  # type: ignore[no-any-return]

    def _packed(self, vectors: Tensor, asked: Tensor) -> Tensor:
        """(B, F), (B, A) -> (B / pack, pack * (F + A)); where that leaves a rest, the first ones fill it up."""
        x = torch.cat([vectors, asked], 1)
        if rest := -len(x) % self.pack:
            x = torch.cat([x, x[torch.arange(rest) % len(x)]])
        return x.view(-1, self.pack * x.shape[1])

    def _figures(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        real_name, fake_name = ("real", "fake") if self.loss.is_logit else ("score_real", "score_fake")
        recognition = (real[:, None] > fake[None]).float().mean()  # 0.5: told apart by chance alone
        return {real_name: real.mean(), fake_name: fake.mean(), "recognition": recognition}
