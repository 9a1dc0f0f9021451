"""Takes parts out of pictures: what inpainting has to fill in."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from mintage.config import Settings
from mintage.contracts import TensorSpec

__all__ = ["Mask"]

_Share = Annotated[float, Field(gt=0, lt=1)]
_SEGMENTS = 4  # of a stroke
_LENGTH, _BRUSH, _BOX = (0.05, 0.8), (0.02, 0.2), (0.06, 0.3)  # of the shorter side; brush and box are half widths
_TURN = 2.5  # radians by which a stroke may turn either way
_OF_STROKE, _OF_BOX = 5 + 2 * _SEGMENTS, 5  # draws


class Mask(Settings):
    """Hides strokes and boxes (after LaMa; Suvorov et al., 2022), and says where: a channel more.

    A brush that wanders and straightens leaves holes of every width. All shapes of a sample then grow or shrink alike
    until they cover the drawn share of it: so coverage is a promise, kept to about a row of pixels.

    Shape: (B, C, H, W), (B, num_draws) -> (B, C + 1, H, W): the picture with 0 where it is missing, then the mask, 1
    where it is missing and -1 where it is known.
    """

    coverage: tuple[_Share, _Share] = (0.05, 0.4)
    """Share of the picture that is missing, drawn evenly between the two."""
    strokes: int = Field(4, ge=0, le=16)
    """The most strokes; each is there every other time, and one shape always."""
    boxes: int = Field(2, ge=0, le=16)
    """The most boxes."""

    @model_validator(mode="after")
    def _there_is_a_shape(self) -> Self:
        if not self.strokes + self.boxes:
            raise ValueError("a mask needs strokes or boxes, but both are 0; set one of them to 1 or more")
        return self

    @property
    def num_draws(self) -> int:
        """One number for the coverage, and those that place each shape."""
        return 1 + _OF_STROKE * self.strokes + _OF_BOX * self.boxes

    def spec(self, x: TensorSpec) -> TensorSpec:
        """A channel more."""
        channels, *sides = x.shape
        return replace(x, shape=(None if channels is None else channels + 1, *sides))

    def __call__(self, x: Tensor, chance: Tensor) -> Tensor:
        missing = self.missing(chance, (x.shape[-2], x.shape[-1]))[:, None]
        return torch.cat([x.masked_fill(missing, 0), missing.to(x.dtype).mul(2).sub(1)], 1)

    def missing(self, chance: Tensor, size: tuple[int, int]) -> Tensor:
        """What is hidden from each sample. Shape: (B, num_draws) -> (B, H, W) bool."""
        chance = chance.float()
        strokes, boxes = torch.split(chance[:, 1:], [_OF_STROKE * self.strokes, _OF_BOX * self.boxes], 1)
        shapes = [_stroke(rows, size) for rows in torch.split(strokes, _OF_STROKE, 1) if self.strokes]
        shapes += [_box(rows, size) for rows in torch.split(boxes, _OF_BOX, 1) if self.boxes]
        lots = torch.cat([strokes[:, ::_OF_STROKE], boxes[:, ::_OF_BOX]], 1)  # (B, shapes)
        is_there = lots <= lots.amin(1, keepdim=True).clamp(min=0.5)
        distance = torch.full((len(chance), *size), math.inf, device=chance.device)
        for k, shape in enumerate(shapes):
            distance = torch.where(is_there[:, k, None, None], torch.minimum(distance, shape), distance)
        low, high = self.coverage
        share = low + (high - low) * chance[:, 0]
        ranks = (1 + share * size[0] * size[1]).long().tolist()
        most = [field.flatten().kthvalue(rank).values for field, rank in zip(distance, ranks, strict=True)]
        return distance < torch.stack(most)[:, None, None]


def _stroke(rows: Tensor, size: tuple[int, int]) -> Tensor:
    """Pixels from each pixel to a crooked line, less the brush. Shape: (B, draws) -> (B, H, W)."""
    side = min(size)
    _, brush, down, across, heading = rows[:, :5].unbind(1)
    turns, lengths = torch.split(rows[:, 5:], _SEGMENTS, 1)
    angles = 2 * math.pi * heading[:, None] + (_TURN * (2 * turns - 1)).cumsum(1)
    lengths = side * _between(_LENGTH, lengths)
    steps = lengths * angles.sin(), lengths * angles.cos()
    ends = [
        _folded(torch.cat([start[:, None] * length, step], 1).cumsum(1), length)
        for start, step, length in zip((down, across), steps, size, strict=True)
    ]
    points = torch.stack(ends, 2)  # (B, segments + 1, 2)
    squared = _to_segment(points[:, 0], points[:, 1], size)
    for k in range(1, _SEGMENTS):
        squared = torch.minimum(squared, _to_segment(points[:, k], points[:, k + 1], size))
    return squared.clamp(min=0).sqrt() - (side * _between(_BRUSH, brush))[:, None, None]


def _folded(places: Tensor, length: int) -> Tensor:
    """Places beyond an edge come back mirrored, so that no stroke creeps along it."""
    return length - (places.remainder(2 * length) - length).abs()


def _to_segment(start: Tensor, end: Tensor, size: tuple[int, int]) -> Tensor:
    """Squared distance of each pixel to a line between two points. Shape: (B, 2), (B, 2) -> (B, H, W)."""
    way = end - start
    down, across = (places - start[:, axis, None] for axis, places in enumerate(_places(size, start)))
    length = way.square().sum(1).clamp(min=1e-6)[:, None, None]
    along = (down * way[:, :1])[:, :, None] + (across * way[:, 1:])[:, None]  # sums of a column and a row are cheap
    share = (along / length).clamp(0, 1)
    squared = down.square()[:, :, None] + across.square()[:, None]
    return squared + share * (share * length - 2 * along)


def _box(rows: Tensor, size: tuple[int, int]) -> Tensor:
    """Pixels from each pixel to a box, less than zero inside. Shape: (B, draws) -> (B, H, W)."""
    half = min(size) * _between(_BOX, rows[:, 1:3])
    down, across = (
        (places - length * rows[:, 3 + axis, None]).abs() - half[:, axis, None]
        for axis, (places, length) in enumerate(zip(_places(size, rows), size, strict=True))
    )
    return torch.maximum(down[:, :, None], across[:, None])


def _places(size: tuple[int, int], like: Tensor) -> tuple[Tensor, Tensor]:
    """Where the centres of rows and columns are. Shape: (H,), (W,)."""
    down, across = (torch.arange(length, device=like.device) + 0.5 for length in size)
    return down, across


def _between(ends: tuple[float, float], share: Tensor) -> Tensor:
    return ends[0] + (ends[1] - ends[0]) * share
