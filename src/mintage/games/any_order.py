"""The game of one player on records: it pays for every code that it did not expect, given any of the others."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mintage.contracts import Batch, Stake, Terms, Turn
from mintage.layers.column_network import ColumnNetwork
from mintage.layers.record_sampler import RecordSampler
from mintage.records import Column
from mintage.seeding import generator

__all__ = ["AnyOrder", "drawn_orders", "mean_nats"]

EXAMINED = 4  # orders in which samples that nobody learns from are read


def drawn_orders(count: int, columns: int, rng: torch.Generator) -> Tensor:
    """An order of columns for each record: that of uniform numbers. Shape: (count, columns)."""
    return torch.rand(count, columns, generator=rng)


@torch.no_grad()
def mean_nats(network: ColumnNetwork, codes: Tensor, purpose: str) -> Tensor:
    """Nats a record in the mean over the same few orders of columns at every call. Shape: (B, P) -> ()."""
    orders = [
        drawn_orders(len(codes), network.positions.num_columns, generator(0, turn, purpose)) for turn in range(EXAMINED)
    ]
    return torch.stack([network(codes, order.to(codes.device)).sum(1).mean() for order in orders]).mean()


class AnyOrder(nn.Module):
    """Maximum likelihood of records, column by column in random order (Uria et al., 2014; Hoogeboom et al., 2022).

    The stake is the mean over records of the nats that a record costs, so it can be compared between models of the same
    columns. One network learns every conditional: what it makes can be held to any values that are known.
    """

    def __init__(self, columns: Sequence[Column], network: ColumnNetwork) -> None:
        super().__init__()
        self.num_columns = len(columns)
        self.players = {"network": network}
        self.sampler = RecordSampler(columns, network)

    def turns(self, step: int, seed: int) -> list[Turn]:
        """One turn, every step."""

        def pays(batch: Batch) -> Stake:
            rng = generator(seed, step, "order of columns")
            order = batch.cut(lambda n: drawn_orders(n, self.num_columns, rng)).to(batch.x.device)
            return Stake({"nats": self.sampler.network(batch.x, order).sum(1).mean()})

        return [Turn("network", pays)]

    def examine(self, batch: Batch) -> Terms:
        """Nats a record on samples that nobody learns from."""
        return {"network/heldout": mean_nats(self.sampler.network, batch.x, "examine")}
