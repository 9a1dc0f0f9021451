"""The adversarial game of text: a writer learns by likelihood, and from a step on also to pass for real."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Protocol

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from mintage.config import Settings
from mintage.contracts import Batch, LanguageModel, Share, Stake, Turn
from mintage.decoding.sampler import WritingSampler, costs_of, mean_nats
from mintage.objectives.adversarial import LOSSES, ObjectiveName
from mintage.seeding import generator as generator_of

__all__ = ["AdversarialText", "RelaxedWriter", "TextStakes"]

_LEAST = 1e-20  # a uniform number of which the logarithm is taken twice


class TextStakes(Settings):
    """What the two players pay, and from when on."""

    adversarial_from: int = Field(1_000, ge=0)
    """Step at which the discriminator enters; before it the writer learns by likelihood alone."""
    adversarial_weight: float = Field(1.0, ge=0)
    """Weight of what the discriminator asks for; 0 leaves it out of the game."""
    likelihood_weight: float = Field(0.5, ge=0)
    """Weight that likelihood keeps then, so that the writer does not forget; RelGAN's is 0."""
    objective: ObjectiveName = "relativistic"
    """The adversarial loss: docs/concepts.md has the formula of each."""
    critic_steps: int = Field(3, ge=1)
    """Turns of the discriminator for one of the writer, on the same texts: writing them is what costs."""
    written: int = Field(32, ge=1)
    """Tokens that the writer adds to the beginning of a real window, at most the context; the slow part of a step."""
    temperature: float = Field(1.0, gt=0)
    """Of the relaxed samples at first; lower ones have steeper and noisier slopes."""
    last_temperature: float = Field(0.3, gt=0)
    """Of the relaxed samples after `anneal` steps."""
    anneal: int = Field(1_000, ge=1)
    """Steps in which the temperature goes from the first to the last, by equal factors."""

    def temperature_at(self, step: int) -> float:
        """Of the relaxed samples.

        >>> stakes = TextStakes(adversarial_from=10, anneal=2, temperature=1.0, last_temperature=0.25)
        >>> [stakes.temperature_at(step) for step in (0, 10, 11, 12, 99)]
        [1.0, 1.0, 0.5, 0.25, 0.25]
        """
        share = min(max(step - self.adversarial_from, 0) / self.anneal, 1.0)
        return float(self.temperature * (self.last_temperature / self.temperature) ** share)


class RelaxedWriter(LanguageModel, Protocol):
    """A language model that can also write with slopes."""

    def relaxed(self, prompt: Tensor, chance: Tensor, temperature: float) -> Tensor: ...  # (B, P), (B, T, V) -> same


class _Written:
    """One step's texts for both players: made once, where the engine lets the graph wait for the writer's turn.

    Of micro-batches the last alone is kept, so that cutting a batch still saves memory; the others are made again.
    """

    def __init__(self, writer: RelaxedWriter, length: int, step: int, seed: int, temperature: float) -> None:
        self.writer, self.length, self.temperature = writer, length, temperature
        self.step, self.seed = step, seed
        self._last: tuple[Share | None, Tensor] | None = None

    def of(self, batch: Batch, *, with_graph: bool = False) -> Tensor:
        """How the writer goes on from each window's beginning. Shape: (B, length, V), one-hot."""
        if self._last is None or self._last[0] != batch.share or (with_graph and not self._last[1].requires_grad):
            rng = generator_of(self.seed, self.step, "noise")
            shape = self.length, self.writer.num_tokens
            uniform = batch.cut(lambda n: torch.rand(n, *shape, generator=rng)).to(batch.x.device)
            gumbel = -(-uniform.clamp_min(_LEAST).log()).clamp_min(_LEAST).log()
            made = self.writer.relaxed(batch.x[:, : -self.length], gumbel, self.temperature)
            self._last = batch.share, made
        return self._last[1]


class AdversarialText(nn.Module):
    """Two players: the writer pays for unexpected tokens and for being told from real text (Nie et al., 2019).

    Each real window keeps its beginning, and the writer goes on from there by samples that have slopes (Jang et al.,
    2017): so what the discriminator compares differs in what was written alone. The discriminator moves first; the
    writer answers the moved discriminator with the same texts, which wait with their graph between the two turns.

    Args:
        writer: the language model; it is what outlives training.
        discriminator: judges (B, L, V) one-hot, in one or several logits a text.
        stakes: what they pay.
        context: tokens that the writer looks back at; windows have one more.
        first: the token that drawn texts begin after.
        overlap: real tokens before the written ones that the discriminator sees too.
    """

    players: Mapping[str, nn.Module]

    def __init__(
        self, writer: nn.Module, discriminator: nn.Module, stakes: TextStakes, context: int, first: int, overlap: int
    ) -> None:
        super().__init__()
        self.sampler, self.discriminator = WritingSampler(writer, context, first), discriminator
        self.players = {"discriminator": discriminator, "writer": writer}
        self.stakes, self.loss = stakes, LOSSES[stakes.objective]
        self.written = min(stakes.written, context)
        self.overlap = min(overlap, context + 1 - self.written)
        self.plays = False  # whether the discriminator has entered, as of the last step

    def turns(self, step: int, seed: int) -> list[Turn]:
        """The writer's alone at first, then the discriminator's before it."""
        stakes = self.stakes
        self.plays = bool(stakes.adversarial_weight) and step >= stakes.adversarial_from
        if not self.plays:
            return [Turn("writer", self._likelihood)]
        writer: RelaxedWriter = self.sampler.writer  # type: ignore[assignment]
        written = _Written(writer, self.written, step, seed, stakes.temperature_at(step))
        judges = Turn("discriminator", partial(self._discriminator_pays, written), awake=("writer",))
        return [*[judges] * stakes.critic_steps, Turn("writer", partial(self._writer_pays, written))]

    @torch.no_grad()
    def examine(self, batch: Batch) -> dict[str, Tensor]:
        """Nats a token, and the mean logit of real text, on samples that nobody learns from. Shape: () each."""
        figures = {"writer/heldout": self._nats(batch)}
        if self.plays:
            figures["discriminator/heldout"] = self._judge(self._real(batch)).mean()
        return figures

    def _likelihood(self, batch: Batch) -> Stake:
        nats = self._nats(batch)
        return Stake({"likelihood": nats}, {"nats": nats.detach()})

    def _writer_pays(self, written: _Written, batch: Batch) -> Stake:
        nats = self._nats(batch)
        fake = real = self._judge(self._fake(batch, written.of(batch, with_graph=True)))
        if self.loss.compares:
            with torch.no_grad():
                real = self._judge(self._real(batch))
        told_apart = self.loss.generator(real, fake).mean()
        pays = {
            "likelihood": self.stakes.likelihood_weight * nats,
            "adversarial": self.stakes.adversarial_weight * told_apart,
        }
        return Stake(pays, {"nats": nats.detach()})

    def _discriminator_pays(self, written: _Written, batch: Batch) -> Stake:
        both = torch.cat([self._real(batch), self._fake(batch, written.of(batch).detach())])
        real, fake = self._judge(both).chunk(2)
        return Stake({"adversarial": self.loss.discriminator(real, fake).mean()}, self._figures(real, fake))

    def _real(self, batch: Batch) -> Tensor:
        return F.one_hot(batch.x[:, -self.written - self.overlap :], self._num_tokens).float()

    def _fake(self, batch: Batch, written: Tensor) -> Tensor:
        before = batch.x[:, : -self.written][:, batch.x.shape[1] - self.written - self.overlap :]
        return torch.cat([F.one_hot(before, self._num_tokens).to(written.dtype), written], 1)

    @property
    def _num_tokens(self) -> int:
        writer: RelaxedWriter = self.sampler.writer  # type: ignore[assignment]
        return writer.num_tokens

    def _judge(self, x: Tensor) -> Tensor:
        return self.discriminator(x).float()  # type: ignore[no-any-return]

    def _nats(self, batch: Batch) -> Tensor:
        return mean_nats(costs_of(self.sampler.writer, batch.x[:, :-1], batch.x[:, 1:])[1], batch.mask)

    def _figures(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        real, fake = (logits.detach().flatten(1).mean(1) for logits in (real, fake))  # one figure a text
        real_name, fake_name = ("real", "fake") if self.loss.is_logit else ("score_real", "score_fake")
        recognition = (real[:, None] > fake[None]).float().mean()  # 0.5: told apart by chance alone
        return {real_name: real.mean(), fake_name: fake.mean(), "recognition": recognition}
