"""Where in its line a token stands, and how long the line before was: what a poem's form is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["LinePlaces"]

_FAR = 32  # tokens of a line from which on they are not told apart, nor where no line has ended yet


class LinePlaces(nn.Module):
    """A row for each pair of (tokens since the last line's end, tokens of the line before), as in SongNet.

    Li et al. (2020) tell a transformer the places of a form that is given; here they are read off the text itself, so
    that a writer of verse need not learn to count before it can rhyme. Several `ends` in a row are one end. Each place
    has a second say, after all blocks: by how much likelier an end is there than elsewhere (`lean`). Rows begin at
    zero.

    Shape: places (B, T) -> (B, T, dim).
    """

    def __init__(self, ends: Sequence[int], num_tokens: int, dim: int) -> None:
        super().__init__()
        self.table = nn.Embedding((_FAR + 1) ** 2, dim)
        self.leaning = nn.Embedding((_FAR + 1) ** 2, 1)
        nn.init.zeros_(self.table.weight)
        nn.init.zeros_(self.leaning.weight)
        self.ends: Tensor
        self.register_buffer("ends", torch.zeros(num_tokens, dtype=torch.bool), persistent=False)
        self.ends[list(ends)] = True

    def forward(self, places: Tensor) -> Tensor:
        return cast(Tensor, self.table(places))

    def lean(self, places: Tensor) -> Tensor:
        """What is added to logits, to those of ends alone. Shape: (..., ) -> (..., V)."""
        return cast(Tensor, self.leaning(places) * self.ends)

    def places(self, tokens: Tensor, count: int) -> Tensor:
        """The row of each of the last `count` tokens. Shape: (B, P + T) -> (B, T) int64."""
        is_end = self.ends[tokens]
        letters = (~is_end).cumsum(1)
        seen = torch.where(is_end, letters, -1).cummax(1).values  # letters up to the last end
        begins = is_end & ~F.pad(is_end[:, :-1], (1, 0))
        at = torch.where(begins, torch.arange(tokens.shape[1], device=tokens.device), -1).cummax(1).values
        before = F.pad(seen[:, :-1], (1, 0), value=-1).gather(1, at.clamp_min(0))  # letters up to the end before that
        place = torch.where(seen >= 0, letters - seen, _FAR).clamp_max(_FAR)
        known = (before >= 0) & (place < _FAR)  # so that nobody need look farther back than two lines
        length = torch.where(known, seen - before, _FAR).clamp_max(_FAR)
        return (place * (_FAR + 1) + length)[:, -count:]

    def last(self, tokens: Tensor) -> Tensor:
        """The row of the last token alone, by plain arithmetic. Shape: (B, P) -> (B,) int64."""
        return torch.tensor([_place(row) for row in self.ends[tokens].tolist()], device=tokens.device)


def _place(ends: list[bool]) -> int:
    """`places` of a row's last token, walking back from it only as far as is needed."""
    place, at = _letters_before(ends, len(ends))
    length = _letters_before(ends, at)[0] if place < _FAR else _FAR
    return place * (_FAR + 1) + length


def _letters_before(ends: list[bool], stop: int) -> tuple[int, int]:
    """Letters between the last end before `stop` and it, and where that end, or the first of several, stands."""
    at = stop
    while at and not ends[at - 1]:
        at -= 1
        if stop - at == _FAR:
            return _FAR, 0
    if not at:
        return _FAR, 0  # no line has ended yet
    letters = stop - at
    while at and ends[at - 1]:
        at -= 1
    return letters, at
