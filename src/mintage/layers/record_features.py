"""What each code of a record looks like to a network: rows of numbers in which near values are alike."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mintage.layers.record_positions import RecordPositions, gumbel, shares_of
from mintage.records import Column

__all__ = ["RecordFeatures"]

_STANDS_ALONE = 0.02  # share of the records from which a code of an ordered column has a feature of its own
_RARE = 0.01  # features of a smaller share count no more than those of this one
_NEVER = -1e4  # a logit without hope, finite in any numbers


class RecordFeatures(nn.Module):
    """Codes as features, and features as chances of codes.

    A code of a column without order, or with at most `few` codes, is a feature of its own. The codes of any other
    column lie between `knots` that have equal shares of the records between them, and share in the two beside them
    (piecewise linear; Gorishniy et al., 2022); so do those that stand alone (the missing one, and those that many
    records have), each with one feature more. Rare features are louder, common ones quieter.

    The same features weigh codes: a code's logit is the logarithm of its share in the data plus the dot product of its
    features with what a network says. A network that says nothing makes columns that are right one by one.

    Shape: codes (B, P) int64 -> (B, width).
    """

    def __init__(self, columns: Sequence[Column], *, few: int = 32, knots: int = 16) -> None:
        super().__init__()
        self.positions = RecordPositions(columns)
        learned = self.positions.learned
        self.tables = nn.ModuleList(_Table(column, few, knots) for column in learned)
        self.widths = [table.features.shape[1] for table in self._each()]
        self.sizes = [column.levels[0] for column in learned]
        self.width, self.num_codes = sum(self.widths), sum(self.sizes)

    def forward(self, codes: Tensor) -> Tensor:
        firsts = codes[:, self.positions.firsts].unbind(1)
        return torch.cat([table.features[first] for table, first in zip(self._each(), firsts, strict=True)], 1)

    def chosen(self, said: Tensor, uniform: Tensor) -> list[Tensor]:
        """Codes by the Gumbel-max trick, column by column. Shape: (B, width), (B, num_codes) -> (B,) each."""
        return [logits.argmax(1) for logits in self._logits(said, uniform)]

    def relaxed(self, said: Tensor, uniform: Tensor, temperature: float) -> Tensor:
        """The features of the same codes, with the slopes of a softmax (straight-through; Jang et al., 2017).

        Shape: (B, width), uniform numbers (B, num_codes) -> (B, width).
        """
        features = []
        for table, logits in zip(self._each(), self._logits(said, uniform), strict=True):
            soft = (logits / temperature).softmax(1) @ table.features
            features.append(table.features[logits.argmax(1)] + (soft - soft.detach()))
        return torch.cat(features, 1)

    def _logits(self, said: Tensor, uniform: Tensor) -> list[Tensor]:
        parts = zip(
            self._each(),
            torch.split(said.float(), self.widths, 1),
            torch.split(gumbel(uniform), self.sizes, 1),
            strict=True,
        )
        return [table.logs + part @ table.weighs.T + chance for table, part, chance in parts]

    def _each(self) -> list[_Table]:
        return list(self.tables)  # type: ignore[arg-type]


class _Table(nn.Module):
    features: Tensor  # (codes, F): what each code looks like
    weighs: Tensor  # (codes, F): the same, all equally loud
    logs: Tensor  # (codes,): logarithms of the shares; without hope where a code must never be made

    def __init__(self, column: Column, few: int, knots: int) -> None:
        super().__init__()
        shares = shares_of(column)
        ordered = bool(column.values) and len(shares) > few
        weighs = _between_knots(column, shares, knots) if ordered else torch.eye(len(shares), dtype=torch.float64)
        mean = shares @ weighs
        spread = (shares @ (weighs - mean).square()).clamp_min(_RARE * (1 - _RARE)).sqrt()
        logs = shares.clamp_min(1e-9).log()
        logs[list(column.never)] = _NEVER
        for name, tensor in {"features": (weighs - mean) / spread, "weighs": weighs, "logs": logs}.items():
            self.register_buffer(name, tensor.float(), persistent=False)


def _between_knots(column: Column, shares: Tensor, knots: int) -> Tensor:
    """(codes, knots and those that stand alone)."""
    alone = shares > _STANDS_ALONE
    if column.missing is not None:
        alone[column.missing] = True
    has_value = [code for code in range(len(shares)) if code != column.missing]
    order = torch.tensor(has_value)[torch.tensor([column.values[code] for code in has_value]).argsort()]
    ranks = shares[order].cumsum(0) - shares[order] / 2
    place = (ranks - ranks[0]) / (ranks[-1] - ranks[0]) * (knots - 1)
    features = torch.zeros(len(shares), knots, dtype=torch.float64)
    features[order] = (1 - (place[:, None] - torch.arange(knots)).abs()).clamp_min(0)
    return torch.cat([features, torch.eye(len(shares), dtype=torch.float64)[:, alone]], 1)
