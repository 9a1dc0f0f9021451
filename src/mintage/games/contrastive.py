"""The contrastive game: one translator whose patches must stay recognisable as those of its input; no way back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Generator, Tensor, nn

from mintage.contracts import Batch, Share, Stake, Turn
from mintage.layers.residual import ResNetTranslator
from mintage.layers.translator import Translator
from mintage.objectives.adversarial import LOSSES, ObjectiveName
from mintage.seeding import generator as generator_of
from mintage.stakes import PatchStakes

__all__ = ["ContrastiveGame", "ContrastiveStakes", "PatchPoints"]


class ContrastiveStakes(PatchStakes):
    """What the two players of a contrastive game pay."""

    objective: ObjectiveName = "least_squares"
    """The adversarial loss: docs/concepts.md has the formula of each."""
    contrast_weight: float = Field(1.0, ge=0)
    """Weight of recognising each patch of the input in the output among others of the same picture."""
    identity_contrast: bool = True
    """Ask the same of pictures that are of the wanted kind already: they should stay as they are."""
    patches: int = Field(64, ge=2)
    """Patches of each picture and layer that are compared; the paper has 256 at 256 pixels."""
    temperature: float = Field(0.07, gt=0)
    """How sharply the right patch must stand out."""


class PatchPoints(nn.Module):
    """Feature maps as points of unit length, one small network a layer (Chen et al., 2020).

    Shape: maps of (B, C, h, w), places of (P,) -> (B, P, F) for each map.
    """

    def __init__(self, widths: Sequence[int], dim: int) -> None:
        super().__init__()
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(width, dim), nn.ReLU(), nn.Linear(dim, dim)) for width in widths
        )

    def forward(self, maps: Sequence[Tensor], places: Sequence[Tensor]) -> list[Tensor]:
        rows = [one.flatten(2).mT[:, where] for one, where in zip(maps, places, strict=True)]
        return [F.normalize(head(row), dim=2) for head, row in zip(self.heads, rows, strict=True)]


class _Made(NamedTuple):
    """The generator's answer to a batch."""

    after: Tensor  # (B or 2 B, C, H, W): the translated inputs, and what becomes of targets
    before: list[Tensor]  # feature maps of what they were made from, for the patches to be found in; without a graph


class ContrastiveGame(nn.Module):
    """CUT (Park et al., 2020): the generator fools the discriminator, and each patch of its output must be nearer to
    the same patch of its input than to the input's other patches, in the generator's own features.

    The discriminator moves first; the generator answers the moved discriminator with the same pictures, which wait with
    their graph between the two turns.
    """

    def __init__(
        self, sampler: Translator, points: PatchPoints, layers: Sequence[int], judge: nn.Module,
        stakes: ContrastiveStakes,
    ) -> None:  # fmt: skip
        super().__init__()
        self.sampler, self.points, self.judge, self.stakes = sampler, points, judge, stakes
        self.layers = list(layers)
        self.players = {"discriminator": judge, "generator": nn.ModuleList([sampler.generator, points])}
        self.loss = LOSSES[stakes.objective]

    @property
    def network(self) -> ResNetTranslator:
        """The generator."""
        network = self.sampler.generator
        assert isinstance(network, ResNetTranslator)
        return network

    def turns(self, step: int, seed: int) -> list[Turn]:
        made: dict[Share | None, _Made] = {}
        turns = [
            Turn("discriminator", partial(self._discriminator_pays, made), awake=("generator",)),
            Turn("generator", partial(self._generator_pays, made, step, seed)),
        ]
        if self.stakes.r1:
            turns.insert(1, Turn("discriminator", self._penalty_alone, every=self.stakes.penalty_every))
        return turns

    @torch.no_grad()
    def examine(self, batch: Batch) -> dict[str, Tensor]:
        """The judge's mean answer for pictures that nobody learns from. Shape: ()."""
        return {"discriminator/heldout": self.judge(batch.x).float().mean()}

    def _made(self, made: dict[Share | None, _Made], batch: Batch) -> _Made:
        """The translated inputs, and what becomes of targets: once a step, of the last micro-batch."""
        if batch.share not in made or not made[batch.share].after.requires_grad:
            made.clear()
            assert batch.condition is not None
            shown = torch.cat([batch.condition, batch.x]) if self.stakes.identity_contrast else batch.condition
            maps = self.network.encode(shown, [*self.layers, len(self.network.widths) - 1])
            made[batch.share] = _Made(self.network.decode(maps.pop(), shown), [one.detach() for one in maps])
        return made[batch.share]

    def _discriminator_pays(self, made: dict[Share | None, _Made], batch: Batch) -> Stake:
        fake = self._made(made, batch).after[: len(batch)].detach()
        real, fake = self.judge(torch.cat([batch.x, fake.to(batch.x.dtype)])).float().chunk(2)
        names = ("real", "fake") if self.loss.is_logit else ("score_real", "score_fake")
        means = [logits.detach().flatten(1).mean(1) for logits in (real, fake)]
        figures = {name: mean.mean() for name, mean in zip(names, means, strict=True)}
        figures["recognition"] = (means[0][:, None] > means[1][None]).float().mean()
        return Stake({"adversarial": self.loss.discriminator(real, fake).mean() / 2}, figures)

    def _penalty_alone(self, batch: Batch) -> Stake:
        return Stake({"r1": self.stakes.slope_price(self.judge, batch.x)})

    def _generator_pays(self, made: dict[Share | None, _Made], step: int, seed: int, batch: Batch) -> Stake:
        after, before = self._made(made, batch)
        answer = self.judge(after[: len(batch)]).float()
        real = answer
        if self.loss.compares:
            with torch.no_grad():
                real = self.judge(batch.x).float()
        pays = {"adversarial": self.loss.generator(real, answer).mean()}
        contrast = self._contrast(before, self.network.encode(after, self.layers), generator_of(seed, step, "patches"))
        pays["contrast"] = self.stakes.contrast_weight * contrast
        return Stake(pays, {"contrast_loss": contrast.detach()})

    def _contrast(self, before: Sequence[Tensor], after: Sequence[Tensor], rng: Generator) -> Tensor:
        """Mean over layers of the cross-entropy of finding each patch in its own picture. Shape: ()."""
        places = [
            torch.randperm(one.shape[2] * one.shape[3], generator=rng)[: self.stakes.patches].to(one.device)
            for one in after
        ]
        with torch.no_grad():
            keys = self.points(before, places)
        losses = []
        for key, query in zip(keys, self.points(after, places), strict=True):
            likeness = query.float() @ key.float().mT / self.stakes.temperature  # (B, P, P)
            right = torch.arange(likeness.shape[1], device=likeness.device).expand(len(likeness), -1)
            losses.append(F.cross_entropy(likeness.flatten(0, 1), right.flatten()))
        return torch.stack(losses).mean()
