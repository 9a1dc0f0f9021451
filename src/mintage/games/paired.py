"""The paired game: a generator makes of each input a known target; a discriminator, if it plays, asks for sharpness."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Self

import torch
from pydantic import Field
from torch import Tensor, nn

from mintage.contracts import Batch, Share, Stake, Turn
from mintage.errors import ConfigError
from mintage.layers.perceptual import PerceptualDistance
from mintage.layers.translator import Translator
from mintage.objectives.adversarial import LOSSES, ObjectiveName
from mintage.stakes import PatchStakes

__all__ = ["PairedGame", "PairedStakes"]

_EXAMINED = 64  # held-out pictures, at most, that a look costs


class PairedStakes(PatchStakes):
    """What the two players of a paired game pay, and from when on."""

    pixel_weight: float = Field(1.0, gt=0)
    """Weight of the L1 distance to the target."""
    adversarial_weight: float = Field(1.0, ge=0)
    """Weight of what the discriminator asks for; 0 leaves it out of the game."""
    adversarial_from: int = Field(0, ge=0)
    """Step at which the discriminator enters; before it the generator learns the pixels alone."""
    perceptual_weight: float = Field(0.0, ge=0)
    """Weight of the distance of a frozen network's features, which model.perceptual names; 0 leaves it out."""
    objective: ObjectiveName = "non_saturating"
    """The adversarial loss: docs/concepts.md has the formula of each."""


class _Made:
    """One step's pictures for both players: made once, where the engine lets the graph wait for the generator's turn.

    Of micro-batches the last alone is kept, so that cutting a batch still saves memory; the others are made again.
    """

    def __init__(self, sampler: Translator) -> None:
        self.sampler = sampler
        self._last: tuple[Share | None, Tensor] | None = None

    def of(self, batch: Batch, *, with_graph: bool = False) -> Tensor:
        """What the generator makes of this batch's inputs. Shape: batch.x's."""
        if self._last is None or self._last[0] != batch.share or (with_graph and not self._last[1].requires_grad):
            self._last = batch.share, self.sampler(batch.x.new_empty(len(batch), 0), batch.condition)
        return self._last[1]


class PairedGame(nn.Module):
    """Two players, or one: the generator pays for its distance to the target, and for being told from it.

    The discriminator moves first; the generator answers the moved discriminator with the same pictures, which wait
    with their graph between the two turns.

    Args:
        sampler: the generator, as what outlives training.
        discriminator: judges (target, input), in one logit or a map of them; None leaves the generator alone.
        stakes: what they pay.
        conditional: the discriminator sees the input beside the target.
        perceptual: a frozen network's distance, where stakes weigh one; no player, and no part of the state.
        focus: from the inputs, where in each picture pixels count. Shape: (B, C', H', W') -> (B, 1, H, W) of 0 and 1.

    Raises:
        ConfigError: stakes weigh a perceptual distance, but the model has none.
    """

    perceptual: PerceptualDistance | None

    def __init__(
        self,
        sampler: Translator,
        discriminator: nn.Module | None,
        stakes: PairedStakes,
        *,
        conditional: bool = True,
        perceptual: PerceptualDistance | None = None,
        focus: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        if stakes.perceptual_weight and perceptual is None:
            raise ConfigError(
                f"stakes.perceptual_weight is {stakes.perceptual_weight:g}, but this model has no network whose "
                'features it could compare. Set model.perceptual = "efficientnet_lite0", where it has '
                "that, or leave the weight at 0."
            )
        self.sampler, self.discriminator, self.stakes = sampler, discriminator, stakes
        self.players = {"generator": sampler.generator}
        if discriminator is not None:
            self.players = {"discriminator": discriminator, **self.players}
        self.loss, self.conditional, self.focus = LOSSES[stakes.objective], conditional, focus
        self.plays = False  # whether the discriminator has entered, as of the last step
        self.__dict__["perceptual"] = perceptual  # beside torch's registry, so that its weights are not in the state

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Move to another device: the perceptual distance comes along."""
        if self.perceptual is not None:
            self.perceptual._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return super()._apply(fn, recurse)  # type: ignore[no-untyped-call, no-any-return]

    def turns(self, step: int, seed: int) -> list[Turn]:
        made = _Made(self.sampler)
        self.plays = plays = self.discriminator is not None and step >= self.stakes.adversarial_from
        turns = [Turn("generator", partial(self._generator_pays, made, plays))]
        if plays and self.stakes.r1:
            turns.insert(0, Turn("discriminator", self._penalty_alone, every=self.stakes.penalty_every))
        if plays:
            turns.insert(0, Turn("discriminator", partial(self._discriminator_pays, made), awake=("generator",)))
        return turns

    @torch.no_grad()
    def examine(self, batch: Batch) -> dict[str, Tensor]:
        """Distance to the target, and the mean logit for it, on pictures that nobody learns from. Shape: () each."""
        assert batch.condition is not None
        batch = Batch(batch.x[:_EXAMINED], batch.condition[:_EXAMINED])
        figures = {"generator/heldout_l1": self._distance(_Made(self.sampler).of(batch), batch)}
        if self.plays:
            figures["discriminator/heldout"] = self._judge(batch.x, batch.condition).mean()
        return figures

    def _discriminator_pays(self, made: _Made, batch: Batch) -> Stake:
        fake = made.of(batch).detach()
        both = torch.cat([batch.x, fake.to(batch.x.dtype)])
        told = torch.cat([batch.condition, batch.condition])  # type: ignore[list-item]
        real, fake = self._judge(both, told).chunk(2)
        return Stake({"adversarial": self.loss.discriminator(real, fake).mean()}, self._figures(real, fake))

    def _penalty_alone(self, batch: Batch) -> Stake:
        assert batch.condition is not None
        told = batch.condition.float()
        return Stake({"r1": self.stakes.slope_price(lambda x: self._judge(x, told), batch.x)})

    def _generator_pays(self, made: _Made, plays: bool, batch: Batch) -> Stake:
        assert batch.condition is not None
        stakes, x = self.stakes, made.of(batch, with_graph=True)
        l1 = self._distance(x, batch)
        pays = {"pixel": stakes.pixel_weight * l1}
        if self.perceptual is not None:
            with torch.autocast(batch.x.device.type, enabled=False):
                pays["perceptual"] = stakes.perceptual_weight * self.perceptual(x.float(), batch.x.float()).mean()
        if plays:
            fake = real = self._judge(x, batch.condition)
            if self.loss.compares:
                with torch.no_grad():
                    real = self._judge(batch.x, batch.condition)
            pays["adversarial"] = stakes.adversarial_weight * self.loss.generator(real, fake).mean()
        return Stake(pays, {"l1": l1.detach()})

    def _distance(self, made: Tensor, batch: Batch) -> Tensor:
        """Mean L1 over the pixels that count, each picture as much as the others. Shape: ()."""
        error = (made.float() - batch.x).abs()
        if self.focus is None:
            return error.mean()
        assert batch.condition is not None
        counts = self.focus(batch.condition)
        return ((error * counts).mean((1, 2, 3)) / counts.mean((1, 2, 3)).clamp(min=1e-3)).mean()

    def _judge(self, x: Tensor, condition: Tensor | None) -> Tensor:
        assert self.discriminator is not None
        return self.discriminator(x, condition if self.conditional else None).float()  # type: ignore[no-any-return]

    def _figures(self, real: Tensor, fake: Tensor) -> dict[str, Any]:
        real, fake = (logits.detach().flatten(1).mean(1) for logits in (real, fake))  # one figure a picture
        real_name, fake_name = ("real", "fake") if self.loss.is_logit else ("score_real", "score_fake")
        recognition = (real[:, None] > fake[None]).float().mean()  # 0.5: told apart by chance alone
        return {real_name: real.mean(), fake_name: fake.mean(), "recognition": recognition}
