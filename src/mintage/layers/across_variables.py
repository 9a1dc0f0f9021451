"""What a discriminator of series sees of all variables at once, and what data models of windows are made for."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mintage.contracts import DataSpec
from mintage.errors import SpecError

__all__ = ["Together", "Windows", "windows_of"]


class Together(nn.Module):
    """How much moves that came at the same time look like real ones, by weighted sums of them.

    Shape: moves (..., V), what is seen of each variable (..., V, H) -> (...).
    """

    def __init__(self, variables: int, width: int) -> None:
        super().__init__()
        self.sums = nn.Linear(variables, width)
        self.body = nn.Linear(3 * width, width)
        self.head = nn.Linear(width, 1)

    def forward(self, moves: Tensor, seen: Tensor) -> Tensor:
        sums = self.sums(moves)
        h = F.silu(self.body(torch.cat([sums, sums.abs(), seen.mean(-2)], -1)))
        return self.head(h)[..., 0]  # type: ignore[no-any-return]


class Windows(NamedTuple):
    """What windows a model makes."""

    length: int  # steps behind the first row
    variables: int
    known: int  # numbers that are known of each row, and of as many after it, beforehand


def windows_of(spec: DataSpec, who: str) -> Windows:
    """What windows of real values a model is to make.

    Raises:
        SpecError: the data is something else.
    """
    shape, told = spec.x.shape, spec.condition
    plain = len(shape) == 2 and all(shape) and spec.x.classes is None
    if not plain or (told is not None and (told.classes is not None or told.shape[:-1] != (2 * (shape[0] or 0) - 1,))):
        raise SpecError(
            f"{who} makes windows of shape (steps + 1, variables), but this data is {spec.x}. Give it a time line, or "
            "choose a model that fits: mintage models --fit DATA."
        )
    length, variables = (side or 0 for side in shape)
    return Windows(length - 1, variables, (told.shape[-1] or 0) if told is not None else 0)
