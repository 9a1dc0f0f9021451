"""The adversarial game of two players: a generator makes samples, a discriminator tells them from real ones."""

from __future__ import annotations

from functools import partial

import torch
from pydantic import Field
from torch import Generator, Tensor, nn

from mintage import registry
from mintage.augmentation import Pipeline
from mintage.contracts import Batch, Share, Stake, Turn
from mintage.objectives.adversarial import LOSSES, ObjectiveName
from mintage.objectives.penalties import Penalty
from mintage.seeding import generator as generator_of
from mintage.stakes import TwoPlayerStakes

__all__ = ["GAN", "LatentSampler", "Stakes"]


class Stakes(TwoPlayerStakes):
    """What the two players pay, and how often."""

    objective: ObjectiveName = "non_saturating"
    """The adversarial loss: docs/concepts.md has the formula of each."""
    dragan: float = Field(0.0, ge=0)
    """Weight of the DRAGAN penalty (slope near one around real samples); 10 in the paper."""
    augment: tuple[str, ...] = ()
    """Augmentations of all that the discriminator sees, differentiable: names from `mintage models --augment`."""
    augment_probability: float = Field(1.0, ge=0, le=1)
    """How often each is done; 1 is DiffAugment."""
    augment_target: float | None = None
    """Mean of sign(D(real)) that the probability is steered to (ADA: 0.6); unset keeps it fixed."""
    augment_images: float = Field(100_000, gt=0)
    """Images in which an adaptive probability can go from 0 to 1."""

    def penalties(self) -> list[Penalty]:
        """The penalties whose weight is not zero."""
        dragan = [Penalty("dragan", self.dragan, self.penalty_every)] if self.dragan else []
        return [*super().penalties(), *dragan]

    def pipeline(self) -> Pipeline | None:
        """The augmentations that the discriminator looks through, if any."""
        if not self.augment:
            return None
        return Pipeline(
            [registry.find("augment", name)() for name in self.augment],
            probability=self.augment_probability,
            target=self.augment_target,
            images_to_one=self.augment_images,
        )


class LatentSampler(nn.Module):
    """z ~ N(0, 1), then the generator.

    Shape: (n, latent_dim), condition (n,) or None -> (n, *x).
    """

    def __init__(self, generator: nn.Module, latent_dim: int) -> None:
        super().__init__()
        self.generator, self.latent_dim = generator, latent_dim

    def noise(self, n: int, rng: Generator) -> Tensor:
        """The chance of n samples. Shape: (n, latent_dim)."""
        return torch.randn(n, self.latent_dim, generator=rng)

    def forward(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.generator(noise, condition)  # type: ignore[no-any-return]


class _Samples:
    """One step's samples for both players: made once, where the engine lets the graph wait for the generator's turn.

    Of micro-batches the last alone is kept, so that cutting a batch still saves memory; the others are made again.
    """

    def __init__(self, sampler: LatentSampler, step: int, seed: int) -> None:
        self.sampler, self.step, self.seed = sampler, step, seed
        self._last: tuple[Share | None, Tensor] | None = None

    def of(self, batch: Batch, *, with_graph: bool = False) -> Tensor:
        """The samples that stand beside this batch, the same in every turn of the step. Shape: batch.x's."""
        if self._last is None or self._last[0] != batch.share or (with_graph and not self._last[1].requires_grad):
            rng = generator_of(self.seed, self.step, "noise")
            noise = batch.cut(lambda n: self.sampler.noise(n, rng)).to(batch.x.device)
            self._last = batch.share, self.sampler(noise, batch.condition)
        return self._last[1]


class GAN(nn.Module):
    """Two players: the discriminator tells real from generated, the generator makes it fail.

    Both players' forward takes (x or z, condition). The discriminator moves first; the generator answers the moved
    discriminator with the same samples, which wait with their graph between the two turns. `joint` sends real and
    generated samples through the discriminator in one pass; leave it off where samples of a batch see each other
    (batch norm, batch statistics).
    """

    def __init__(self, sampler: LatentSampler, discriminator: nn.Module, stakes: Stakes, *, joint: bool = True) -> None:
        super().__init__()
        self.players = {"discriminator": discriminator, "generator": sampler.generator}
        self.sampler, self.discriminator, self.joint = sampler, discriminator, joint
        self.loss, self.penalties = LOSSES[stakes.objective], stakes.penalties()
        self.critic_steps, self.lazy = stakes.critic_steps, stakes.penalty_every
        self.pipeline = stakes.pipeline()

    def turns(self, step: int, seed: int) -> list[Turn]:
        answers = step % self.critic_steps == 0
        samples = _Samples(self.sampler, step, seed)
        pays = partial(self._discriminator_pays, step, seed, samples)
        turns = [Turn("discriminator", pays, awake=("generator",) if answers else ())]
        if self.penalties and self.lazy > 1:
            turns.append(Turn("discriminator", partial(self._penalties_alone, step, seed, samples), every=self.lazy))
        pays = partial(self._generator_pays, step, seed, samples)
        turns.append(Turn("generator", pays, every=self.critic_steps))
        return turns

    @torch.no_grad()
    def examine(self, batch: Batch) -> dict[str, Tensor]:
        """The discriminator's mean logit for samples that nobody learns from. Shape: ()."""
        return {"discriminator/heldout": self.discriminator(batch.x, batch.condition).float().mean()}

    def _discriminator_pays(self, step: int, seed: int, samples: _Samples, batch: Batch) -> Stake:
        rng = generator_of(seed, step, "discriminator")
        fake = samples.of(batch).detach()
        real, made = self._judge_both(batch, fake, rng)
        pays = {"adversarial": self.loss.discriminator(real, made).mean()}
        if self.lazy == 1:
            pays |= self._penalties(batch, fake, rng)
        return Stake(pays, self._figures(real.detach(), made.detach(), batch))

    def _penalties_alone(self, step: int, seed: int, samples: _Samples, batch: Batch) -> Stake:
        return Stake(self._penalties(batch, samples.of(batch).detach(), generator_of(seed, step, "penalty")))

    def _generator_pays(self, step: int, seed: int, samples: _Samples, batch: Batch) -> Stake:
        rng = generator_of(seed, step, "generator")
        made = self._judge(samples.of(batch, with_graph=True), batch, rng)
        real = made
        if self.loss.compares:
            with torch.no_grad():
                real = self._judge(batch.x, batch, rng)
        return Stake({"adversarial": self.loss.generator(real, made).mean()})

    def _judge(self, x: Tensor, batch: Batch, rng: Generator) -> Tensor:
        return self.discriminator(self._augmented(x, batch, rng), batch.condition).float()  # type: ignore[no-any-return]

    def _judge_both(self, batch: Batch, fake: Tensor, rng: Generator) -> tuple[Tensor, Tensor]:
        if not self.joint:
            return self._judge(batch.x, batch, rng), self._judge(fake, batch, rng)
        real = self._augmented(batch.x, batch, rng)
        both = torch.cat([real, self._augmented(fake, batch, rng).to(real.dtype)])
        condition = None if batch.condition is None else torch.cat([batch.condition, batch.condition])
        logits = self.discriminator(both, condition).float()  # softplus in half precision is flat beyond 11
        return logits[: len(batch)], logits[len(batch) :]

    def _augmented(self, x: Tensor, batch: Batch, rng: Generator) -> Tensor:
        if self.pipeline is None:
            return x
        num_draws = self.pipeline.num_draws
        chance = batch.cut(lambda n: torch.rand(n, num_draws, generator=rng))
        return self.pipeline(x, chance.to(x.device))  # type: ignore[no-any-return]

    def _penalties(self, batch: Batch, fake: Tensor, rng: Generator) -> dict[str, Tensor]:
        if not self.penalties:
            return {}
        mix = batch.cut(lambda n: torch.rand(n, generator=rng)).to(batch.x.device)
        chance = None
        if self.pipeline is not None:
            num_draws = self.pipeline.num_draws
            chance = batch.cut(lambda n: torch.rand(n, num_draws, generator=rng)).to(batch.x.device)

        def judge(x: Tensor) -> Tensor:
            seen = x if self.pipeline is None else self.pipeline(x, chance)
            return self.discriminator(seen, batch.condition).float()  # type: ignore[no-any-return]

        return {p.name: p.price(judge, batch.x, fake, mix) for p in self.penalties}

    def _figures(self, real: Tensor, made: Tensor, batch: Batch) -> dict[str, Tensor]:
        real_name, fake_name = ("real", "fake") if self.loss.is_logit else ("score_real", "score_fake")
        figures = {
            real_name: real.mean(),
            fake_name: made.mean(),
            "recognition": (real[:, None] > made[None]).float().mean(),  # 0.5: told apart by chance alone
        }
        if self.pipeline is not None:
            self.pipeline.adapt(real)
            figures["augment_p"] = self.pipeline.p.clone()
        return figures
