"""Draws records from a network of columns, code by code: freely, or held to what is known and to what is allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from mintage.layers.column_network import ColumnNetwork
from mintage.records import FREE, Column

__all__ = ["UNKNOWN", "RecordSampler"]

UNKNOWN = -1  # stands for a code that is to be drawn


class RecordSampler(nn.Module):
    """Records one position after another: those that are known first, then the others in the order of the table.

    Each code is drawn by one uniform number through the inverse of its distribution, so that a small change of chance
    is a small change of an ordered value. Codes that must not be made (`Column.never`) are not.

    Shape: noise (n, P) in [0, 1), condition (n, P) int64 codes with -1 where they are to be drawn, or None
    -> (n, P) int64.
    """

    chunk = 4_096  # records that are drawn at once

    def __init__(self, columns: Sequence[Column], network: ColumnNetwork) -> None:
        super().__init__()
        self.network = network
        self.width = network.positions.width
        barred = [list(columns[c].never) if not i else [] for c, i in _places(network)]
        self.barred = {at: codes for at, codes in enumerate(barred) if codes}

    def noise(self, n: int, rng: Generator) -> Tensor:
        """The chance of n records. Shape: (n, P)."""
        return torch.rand(n, self.width, generator=rng)

    def forward(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.draw(noise, condition)[0]

    @torch.no_grad()
    def draw(
        self,
        noise: Tensor,
        known: Tensor | None = None,
        allowed: Mapping[int, Tensor] | None = None,
        temperature: float = 1.0,
        only: Sequence[int] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Records, and the logarithm of the chance that codes drawn freely would have been allowed ones.

        `allowed` holds learned positions (by their number) to codes: (levels,) bool each. `only`
        draws these positions and leaves all others unknown. Records are as likely as among all that are allowed if each
        is kept with a chance that is proportional to exp of those logarithms, but for that of the first position.

        Shape: (n, P), (n, P) or None -> (n, P), (n, number of allowed positions that were drawn).
        """
        network = self.network
        allowed = allowed or {}
        codes = noise.new_full(noise.shape, UNKNOWN, dtype=torch.int64) if known is None else known.clone()
        total = self._known(codes)
        chances: list[Tensor] = []
        for at in range(len(network.positions)) if only is None else only:
            place = network.positions.place[at]
            wanted = codes[:, place] == UNKNOWN
            if not wanted.any():
                continue
            start, stop = int(network.offsets[at]), int(network.offsets[at + 1])
            features = network.features(total[None], slice(at, at + 1))[0]
            logits = F.linear(features, network.outer[start:stop], network.outer_bias[start:stop]).float()
            if temperature != 1.0:
                logits = logits / max(temperature, 1e-3)
            if at in self.barred and (at not in allowed or not allowed[at].any()):
                logits[:, self.barred[at]] = -torch.inf
            if at in allowed:
                chances.append(_allowed_share(logits, allowed[at]))
                logits = logits.masked_fill(~allowed[at], -torch.inf)
            drawn = _inverse(logits, noise[:, place])
            codes[:, place] = torch.where(wanted, drawn, codes[:, place])
            added = F.embedding(drawn + start, network.embedding)
            total += added if wanted.all() else added * wanted[:, None]
        for place in network.positions.free if only is None else ():
            free = codes[:, place] == UNKNOWN
            codes[:, place] = torch.where(free, (noise[:, place] * FREE).long().clamp_max(FREE - 1), codes[:, place])
        return codes, torch.stack(chances, 1) if chances else noise.new_zeros(len(noise), 0)

    def _known(self, codes: Tensor) -> Tensor:
        """The sum of the embeddings of what is known. Shape: (n, P) -> (n, W)."""
        network = self.network
        learned = codes[:, network.place]
        if (learned == UNKNOWN).all():
            return network.embedding.new_zeros(len(codes), network.embedding.shape[1])
        seen = F.embedding(learned.clamp_min(0) + network.offsets[:-1], network.embedding)
        return (seen * (learned != UNKNOWN)[..., None]).sum(1)


def _inverse(logits: Tensor, chance: Tensor) -> Tensor:
    """The codes at which the summed probabilities pass a uniform number. Shape: (n, V), (n,) -> (n,)."""
    summed = logits.softmax(1).cumsum(1)
    drawn = torch.searchsorted(summed, (chance * summed[:, -1])[:, None], right=True)[:, 0]
    return drawn.clamp_max(logits.shape[1] - 1)


def _allowed_share(logits: Tensor, allowed: Tensor) -> Tensor:
    return torch.logsumexp(logits.masked_fill(~allowed, -torch.inf), 1) - torch.logsumexp(logits, 1)


def _places(network: ColumnNetwork) -> list[tuple[int, int]]:
    return list(zip(network.positions.column, network.positions.inside, strict=True))
