"""Temporal convolutions: what a series was until now, seen ever further back, without looking ahead."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Seen", "Temporal"]

_KERNEL = 3


class Seen(NamedTuple):
    """What has been read so far, as much of it as what comes next still looks back at."""

    inputs: tuple[Tensor, ...]  # of each layer: (B, V, W, 2 * dilation)
    last: Tensor  # (B, V, W): what it came to


class Temporal(nn.Module):
    """Dilated causal convolutions with skips (van den Oord et al., 2016; Bai et al., 2018), the same for all variables.

    Each variable is read beside the mean of all. Reading on from what was seen gives what reading all at once does, so
    a history is read once for all paths that go on from it.

    Shape: (B, T, V, C) -> (B, T, V, W).
    """

    def __init__(self, inputs: int, width: int, depth: int) -> None:
        super().__init__()
        self.width = width
        self.dilations: tuple[int, ...] = tuple(2**layer for layer in range(depth))
        self.begin = nn.Linear(2 * inputs, width)
        self.looks = nn.ModuleList(nn.Conv1d(width, width, _KERNEL, dilation=d) for d in self.dilations)
        self.skips = nn.ModuleList(nn.Conv1d(width, width, 1) for _ in self.dilations)

    @property
    def reach(self) -> int:
        """How many steps back it sees."""
        return (_KERNEL - 1) * sum(self.dilations)

    def forward(self, x: Tensor) -> Tensor:
        return self.read(x, None)[0]

    def read(self, x: Tensor, before: Seen | None) -> tuple[Tensor, Seen]:
        """The same, on from what was seen of as many rows, or of one for all."""
        rows, steps, variables = x.shape[:3]
        h = self.begin(torch.cat([x, x.mean(2, keepdim=True).expand_as(x)], -1))
        h = h.permute(0, 2, 3, 1).flatten(0, 1)  # (B V, W, T)
        kept = []
        for place, (dilation, look, skip) in enumerate(zip(self.dilations, self.looks, self.skips, strict=True)):
            back = (_KERNEL - 1) * dilation
            if before is None:
                whole = F.pad(h, (back, 0))
            else:
                whole = torch.cat([before.inputs[place].expand(rows, -1, -1, -1).flatten(0, 1), h], -1)
            kept.append(whole[..., -back:].view(rows, variables, self.width, back))
            h = h + skip(F.silu(look(whole)))
        out = h.view(rows, variables, self.width, steps).permute(0, 3, 1, 2)
        return out, Seen(tuple(kept), out[:, -1] if steps else out.new_zeros(rows, variables, self.width))

    def nothing(self, like: Tensor, variables: int) -> Seen:
        """What has been seen before the first step."""
        blank = like.new_zeros(1, variables, self.width, 1)
        kept = tuple(blank.expand(-1, -1, -1, (_KERNEL - 1) * d) for d in self.dilations)
        return Seen(kept, blank[..., 0])
