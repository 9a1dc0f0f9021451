"""The game of one player: a writer pays for every token that it did not expect."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from mintage.contracts import Batch, Stake, Terms, Turn
from mintage.decoding.sampler import WritingSampler

__all__ = ["NextToken"]


class NextToken(nn.Module):
    """Maximum likelihood of each token given those before it (Bengio et al., 2003).

    The stake is the mean of nats a token over a window: of its context + 1 tokens each but the first is expected from
    all that stand before it. Texts that are drawn begin after the token `first`. Where `Batch.mask` is given, only
    tokens under it count.
    """

    def __init__(self, writer: nn.Module, context: int, first: int) -> None:
        super().__init__()
        self.players = {"writer": writer}
        self.sampler = WritingSampler(writer, context, first)

    def turns(self, step: int, seed: int) -> list[Turn]:
        """One turn, every step."""
        return [Turn("writer", self._pays)]

    def examine(self, batch: Batch) -> Terms:
        """Nats a token on samples that nobody learns from."""
        return {"writer/heldout": self._nats(batch).detach()}

    def _pays(self, batch: Batch) -> Stake:
        return Stake({"nats": self._nats(batch)})

    def _nats(self, batch: Batch) -> Tensor:
        logits = self.sampler.writer(batch.x[:, :-1])
        target = batch.x[:, 1:]
        nats: Tensor = F.cross_entropy(logits.flatten(0, 1).float(), target.flatten(), reduction="none").view_as(target)
        if batch.mask is None:
            return nats.mean()
        counted = batch.mask[:, 1:]
        return (nats * counted).sum() / counted.sum().clamp_min(1)
