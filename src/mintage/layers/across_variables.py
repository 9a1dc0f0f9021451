"""What a discriminator of series sees of all variables at once, and what data models of windows are made for."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mintage.contracts import DataSpec
from mintage.errors import SpecError

__all__ = ["Together", "windows_of"]


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


def windows_of(spec: DataSpec, who: str) -> tuple[int, int]:
    """Steps behind the first row, and variables, of windows of real values.

    Raises:
        SpecError: the data is something else.
    """
    shape = spec.x.shape
    if len(shape) != 2 or not all(shape) or spec.x.classes is not None or spec.condition is not None:
        raise SpecError(
            f"{who} makes windows of shape (steps + 1, variables), but this data is {spec.x}. Give it a time line, or "
            "choose a model that fits: mintage models --fit DATA."
        )
    length, variables = (side or 0 for side in shape)
    return length - 1, variables
