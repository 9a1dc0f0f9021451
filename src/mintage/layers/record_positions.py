"""Which position of a record is what: first codes that are learned, and positions that are drawn at random."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mintage.contracts import DataSpec
from mintage.errors import SpecError
from mintage.records import FREE, Column

__all__ = ["RecordPositions", "columns_of", "gumbel", "shares_of"]


class RecordPositions:
    """Where the columns of a record lie; whole records out of the first codes of its columns and chance."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.learned = [column for column in columns if column.levels]
        self.firsts: list[int] = []  # the first position of each of these
        self.drawn: list[tuple[int, int]] = []  # position and number of codes of all others
        place = 0
        for column in columns:
            if column.levels:
                self.firsts.append(place)
            sizes = [*column.levels, *[FREE] * column.free]
            self.drawn += list(enumerate(sizes, place))[bool(column.levels) :]
            place += len(sizes)
        self.count = place

    def filled(self, firsts: Sequence[Tensor], uniform: Tensor) -> Tensor:
        """Shape: (B,) of each learned column, uniform numbers (B, len(drawn)) -> (B, P) int64."""
        codes = torch.empty(len(uniform), self.count, dtype=torch.int64, device=uniform.device)
        for place, first in zip(self.firsts, firsts, strict=True):
            codes[:, place] = first
        for chance, (place, size) in zip(uniform.unbind(1), self.drawn, strict=True):
            codes[:, place] = (chance * size).long().clamp_max(size - 1)
        return codes


def columns_of(spec: DataSpec, model: str) -> tuple[Column, ...]:
    """The columns of the records that a model is to make.

    Raises:
        SpecError: the data is not records, or there is nothing to learn, or a condition.
    """
    columns = spec.x.columns
    if not any(column.levels for column in columns) or spec.condition is not None:
        raise SpecError(
            f"{model} makes records of columns, without a condition, but this data is {spec.x}. "
            "Choose a model that fits: mintage models --fit DATA."
        )
    return columns


def shares_of(column: Column) -> Tensor:
    """The share of the records that has each code of the first position. Shape: (codes,) float64, sum 1."""
    shares = torch.tensor(column.weights or [1.0] * column.levels[0], dtype=torch.float64)
    return shares / shares.sum()


def gumbel(uniform: Tensor) -> Tensor:
    """Gumbel numbers: added to logits, the largest is a draw of their softmax. Shape: (...) -> (...)."""
    return -(-uniform.float().clamp(1e-20, 1 - 1e-7).log()).log()
