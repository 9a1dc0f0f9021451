"""A network that says how likely each code of a record is, given any of the others: any order of columns, one pass."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mintage.records import Column

__all__ = ["ColumnNetwork", "Positions"]

_GROUPED = 1 << 22  # numbers in the masks of a batch, above which records share their orders


class Positions:
    """Where in a record the learned codes stand: one position after another, as many as all columns have levels."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.place: list[int] = []
        self.column: list[int] = []
        self.levels: list[int] = []
        self.inside: list[int] = []
        self.free: list[int] = []
        width = 0
        for number, column in enumerate(columns):
            for inside, levels in enumerate(column.levels):
                self.place.append(width + inside)
                self.column.append(number)
                self.levels.append(levels)
                self.inside.append(inside)
            width += len(column.levels)
            self.free += range(width, width + column.free)
            width += column.free
        self.width = width
        self.num_columns = len(columns)

    def __len__(self) -> int:
        return len(self.place)


class ColumnNetwork(nn.Module):
    """Likelihoods of codes given any others (NADE in every order: Uria et al., 2014).

    What is known is the sum of the embeddings of the codes that are known, so it does not matter in which order they
    came. Each position sees that sum through gates of its own, then through layers of its own, and says how likely each
    of its codes is. A position behind the first of a column is only asked for when those before it are known.

    Shape: codes (B, P) int64 -> nats (B, L), of each learned position given those before it in a drawn order.
    """

    def __init__(self, columns: Sequence[Column], width: int, hidden: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.positions = Positions(columns)
        self.dropout = dropout
        count, total = len(self.positions), sum(self.positions.levels)
        self.embedding = nn.Parameter(torch.randn(total, width) / math.sqrt(count))
        self.gate = nn.Parameter(torch.ones(count, 1, width))
        self.bias = nn.Parameter(torch.zeros(count, 1, width))
        self.inner = nn.Parameter(torch.randn(count, width, hidden) * math.sqrt(2 / width))
        self.inner_bias = nn.Parameter(torch.zeros(count, 1, hidden))
        self.outer = nn.Parameter(torch.zeros(total, hidden))
        self.outer_bias = nn.Parameter(torch.cat([_logs(columns, at, self.positions) for at in range(count)]))
        self.register_buffer("offsets", torch.tensor([0, *self.positions.levels]).cumsum(0), persistent=False)
        self.register_buffer("place", torch.tensor(self.positions.place), persistent=False)
        self.register_buffer("column", torch.tensor(self.positions.column), persistent=False)
        inside = torch.tensor(self.positions.inside)
        same = self.column[:, None] == self.column[None]
        self.register_buffer("within", same & (inside[None] < inside[:, None]), persistent=False)  # (L, L)

    offsets: Tensor
    place: Tensor
    column: Tensor
    within: Tensor

    def forward(self, codes: Tensor, order: Tensor) -> Tensor:
        """Nats of each position, given those whose columns come before its own.

        Shape: (B, P) int64, (B, C) any numbers, columns with smaller ones come first -> (B, L).
        """
        learned = codes[:, self.place]  # (B, L)
        seen = F.embedding(learned + self.offsets[:-1], self.embedding)  # (B, L, W)
        known = self._known(seen, order)
        features = self.features(known.transpose(0, 1))  # (L, B, H)
        # unbound and split at once: a slice at a time would make as many gradients of full size
        heads = zip(*(torch.split(each, self.positions.levels) for each in (self.outer, self.outer_bias)), strict=True)
        nats = [
            F.cross_entropy(F.linear(x, weight, bias).float(), truth, reduction="none")
            for x, (weight, bias), truth in zip(features.unbind(), heads, learned.unbind(1), strict=True)
        ]
        return torch.stack(nats, dim=1)

    def features(self, known: Tensor, at: slice = slice(None)) -> Tensor:
        """What positions make of what is known to them. Shape: (L, B, W) -> (L, B, H)."""
        x = torch.addcmul(self.bias[at], known, self.gate[at]).relu_()
        if self.dropout and self.training:  # the same of all positions of a record: a seventeenth of the chance
            x = x * F.dropout(x.new_ones(1, *x.shape[1:]), self.dropout)
        return torch.baddbmm(self.inner_bias[at], x, self.inner[at]).relu_()

    def _known(self, seen: Tensor, order: Tensor) -> Tensor:
        """Sums of the embeddings that stand before each position. Shape: (B, L, W), (B, C) -> (B, L, W)."""
        ranks = order[:, self.column]  # (B, L)
        count = seen.shape[1]
        group = 1
        while len(seen) // group * count * count > _GROUPED and len(seen) % (2 * group) == 0:
            group *= 2
        ranks = ranks[::group]
        before = (ranks[:, None, :] < ranks[:, :, None]) | self.within  # (B / group, L, L)
        if group == 1:
            return torch.bmm(before.to(seen.dtype), seen)
        parts = seen.view(-1, group, count, seen.shape[2]).transpose(1, 2).flatten(2)
        summed = torch.bmm(before.to(seen.dtype), parts).view(-1, count, group, seen.shape[2])
        return summed.transpose(1, 2).reshape_as(seen)


def _logs(columns: Sequence[Column], at: int, positions: Positions) -> Tensor:
    """Logarithms of the shares that a position's codes have, where they are known: a start that is not blind."""
    column = columns[positions.column[at]]
    if positions.inside[at] or len(column.weights) != positions.levels[at]:
        return torch.zeros(positions.levels[at])
    return torch.tensor(column.weights).clamp_min(1e-6).log()
