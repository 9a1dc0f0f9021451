"""The game of one player: a writer pays for every token that it did not expect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from mintage.contracts import Batch, DataSpec, Stake, Terms, Turn
from mintage.decoding.sampler import Priced, WritingSampler, costs_of, mean_nats
from mintage.errors import SpecError
from mintage.layers.counted import CountedLength

__all__ = ["NextToken", "check_heads", "window_of"]


def window_of(spec: DataSpec) -> tuple[int, int]:
    """How many different tokens there are, and at how many a writer of this data looks back.

    Raises:
        SpecError: the data is not integer tokens.
    """
    if spec.x.classes is None or len(spec.x.shape) != 1 or not spec.x.shape[0]:
        raise SpecError(
            f"A writer makes integer tokens, but this data has shape {spec.x.shape} of real values. Give it text, or "
            "choose a model that fits: mintage models --fit DATA."
        )
    return spec.x.classes, spec.x.shape[0] - 1


def check_heads(width: int, heads: int) -> None:
    """Make sure that a width can be cut into heads whose halves rotary positions can turn.

    Raises:
        SpecError: it can't.
    """
    if width % heads or width // heads % 2:
        raise SpecError(
            f"model.width = {width} cannot be cut into {heads} heads of an even size. Choose a width that is a "
            f"multiple of {2 * heads}."
        )


class NextToken(nn.Module):
    """Maximum likelihood of each token given those before it (Bengio et al., 2003).

    The stake is the mean of nats a token over a window: of its context + 1 tokens each but the first is expected from
    all that stand before it. Where `Batch.mask` is given, only tokens under it count. Texts that are drawn begin after
    the token `first`. A writer that stands beside counts (`costs`) pays for what it says alone, and its gate for the
    mixture; the batch's condition is then what each token costs by counting.
    """

    def __init__(self, writer: nn.Module, context: int, first: int) -> None:
        super().__init__()
        self.players = {"writer": writer}
        self.sampler = WritingSampler(writer, context, first)

    def fill(self, levels: Sequence[CountedLength]) -> None:
        """Give a writer that counts beside what it learns what was counted."""
        writer: Any = self.sampler.writer
        writer.counts.fill(levels)

    def turns(self, step: int, seed: int) -> list[Turn]:
        """One turn, every step."""
        return [Turn("writer", self._pays)]

    def examine(self, batch: Batch) -> Terms:
        """Nats a token on samples that nobody learns from."""
        return {"writer/heldout": mean_nats(self._costs(batch)[1], batch.mask).detach()}

    def _pays(self, batch: Batch) -> Stake:
        own, mixed = self._costs(batch)
        nats = {"nats": mean_nats(mixed, batch.mask)}
        return Stake(nats if own is mixed else {"own": mean_nats(own, batch.mask), **nats})

    def _costs(self, batch: Batch) -> tuple[Tensor, Tensor]:
        tokens, targets, writer = batch.x[:, :-1], batch.x[:, 1:], self.sampler.writer
        if batch.condition is None or not isinstance(writer, Priced):
            return costs_of(writer, tokens, targets)
        return writer.costs(tokens, targets, batch.condition[:, 1:])
