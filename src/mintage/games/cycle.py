"""The cycle game: two translators, there and back, and a discriminator of each side; no pairs are needed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from mintage.contracts import Batch, Stake, Turn
from mintage.layers.image_pool import ImagePool
from mintage.layers.translator import Translator
from mintage.objectives.adversarial import LOSSES, ObjectiveName
from mintage.seeding import generator as generator_of
from mintage.stakes import PatchStakes

__all__ = ["CycleGame", "CycleStakes"]

_SIDES = ("target", "origin")


class CycleStakes(PatchStakes):
    """What the two players of a cycle game pay."""

    objective: ObjectiveName = "least_squares"
    """The adversarial loss: docs/concepts.md has the formula of each."""
    cycle_weight: float = Field(3.0, ge=0)
    """Weight of the L1 distance of a picture to itself after there and back."""
    identity_weight: float = Field(0.0, ge=0)
    """Weight, by the cycle's, of the L1 change of a picture that is of the wanted kind already: keeps colours."""
    pool: int = Field(50, ge=0)
    """Earlier samples that the discriminator is shown again; 0 shows only new ones."""


class CycleGame(nn.Module):
    """A -> B -> A' and B -> A -> B': the generator is both translators, the discriminator the judges of both sides.

    The generator moves first, as in the paper; the discriminator then judges the very samples that it made, half of
    them exchanged for older ones from the pool. The translations of both inputs and of what must stay as it is run
    through a network in one pass.
    """

    def __init__(
        self, there: Translator, back: Translator, judges: Mapping[str, nn.Module], pools: Mapping[str, ImagePool],
        stakes: CycleStakes,
    ) -> None:  # fmt: skip
        super().__init__()
        self.sampler, self.way_back, self.stakes = there, back, stakes
        self.judges, self.pools = nn.ModuleDict(judges), nn.ModuleDict(pools)
        self.players = {
            "generator": nn.ModuleList([there.generator, back.generator]),
            "discriminator": nn.ModuleList([self.judges, self.pools]),
        }
        self.loss = LOSSES[stakes.objective]

    def turns(self, step: int, seed: int) -> list[Turn]:
        made: dict[object, dict[str, Tensor]] = {}
        turns = [
            Turn("generator", partial(self._generator_pays, made)),
            Turn("discriminator", partial(self._discriminator_pays, made, step, seed)),
        ]
        if self.stakes.r1:
            turns.append(Turn("discriminator", self._penalty_alone, every=self.stakes.penalty_every))
        return turns

    @torch.no_grad()
    def examine(self, batch: Batch) -> dict[str, Tensor]:
        """The cycle's distance and the judge's mean answer on pictures that nobody learns from. Shape: () each."""
        condition = _told(batch)
        returned = self.way_back.generator(self.sampler.generator(condition))
        return {
            "generator/heldout_cycle": F.l1_loss(returned.float(), condition),
            "discriminator/heldout": self.judges["target"](batch.x).float().mean(),
        }

    def _generator_pays(self, made: dict[object, dict[str, Tensor]], batch: Batch) -> Stake:
        a, b, stakes = _told(batch), batch.x, self.stakes
        there, back = self.sampler.generator, self.way_back.generator
        keeps = stakes.identity_weight > 0
        to_b, kept_b = _in_one_pass(there, a, b if keeps else None)
        to_a, kept_a = _in_one_pass(back, b, a if keeps else None)
        adversarial = self._fooled("target", to_b, b) + self._fooled("origin", to_a, a)
        cycle = F.l1_loss(back(to_b).float(), a) + F.l1_loss(there(to_a).float(), b)
        pays = {"adversarial": adversarial, "cycle": stakes.cycle_weight * cycle}
        if kept_a is not None and kept_b is not None:
            identity = F.l1_loss(kept_b.float(), b) + F.l1_loss(kept_a.float(), a)
            pays["identity"] = stakes.cycle_weight * stakes.identity_weight * identity
        made[batch.share] = {"target": to_b.detach(), "origin": to_a.detach()}
        return Stake(pays, {"cycle_l1": cycle.detach() / 2})

    def _fooled(self, side: str, made: Tensor, real: Tensor) -> Tensor:
        fake = self.judges[side](made).float()
        if not self.loss.compares:
            return self.loss.generator(fake, fake).mean()
        with torch.no_grad():
            answer = self.judges[side](real).float()
        return self.loss.generator(answer, fake).mean()

    def _discriminator_pays(self, made: dict[object, dict[str, Tensor]], step: int, seed: int, batch: Batch) -> Stake:
        reals = {"target": batch.x, "origin": _told(batch)}
        total, figures = batch.x.new_zeros(()), []
        for side in _SIDES:
            rng = generator_of(seed, step, "pool", side)
            chance = batch.cut(lambda n, rng=rng: torch.rand(n, 2, generator=rng))  # type: ignore[misc]
            shown = self.pools[side](made[batch.share][side].float(), chance)
            real, fake = self.judges[side](torch.cat([reals[side], shown])).float().chunk(2)
            total = total + self.loss.discriminator(real, fake).mean() / 2  # half, as in the paper
            figures.append((real.detach(), fake.detach()))
        return Stake({"adversarial": total}, self._figures(*figures[0]))

    def _penalty_alone(self, batch: Batch) -> Stake:
        at_targets = self.stakes.slope_price(self.judges["target"], batch.x)
        return Stake({"r1": at_targets + self.stakes.slope_price(self.judges["origin"], _told(batch))})

    def _figures(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        real, fake = (logits.flatten(1).mean(1) for logits in (real, fake))  # one figure a picture
        names = ("real", "fake") if self.loss.is_logit else ("score_real", "score_fake")
        recognition = (real[:, None] > fake[None]).float().mean()  # 0.5: told apart by chance alone
        return {names[0]: real.mean(), names[1]: fake.mean(), "recognition": recognition}


def _in_one_pass(network: nn.Module, x: Tensor, kept: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """What becomes of `x`, and of what should stay as it is."""
    if kept is None:
        return network(x), None
    both = network(torch.cat([x, kept]))
    return both[: len(x)], both[len(x) :]


def _told(batch: Batch) -> Tensor:
    assert batch.condition is not None
    return batch.condition
