"""Toy images with known answers: 8x8 grey noise, brighter in the quadrant that is their class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mintage.contracts import Evidence, Examples
from mintage.seeding import generator

CLASSES = ("north-west", "north-east", "south-west", "south-east")


def quadrants(count: int, seed: int, *, light: float = 60.0, classes: tuple[int, ...] = (0, 1, 2, 3)) -> Examples:
    """Images whose classes come in turn."""
    rng = generator(seed, "quadrants")
    labels = torch.tensor(classes).repeat(-(-count // len(classes)))[:count]
    x = 90 + 30 * torch.randn(count, 8, 8, 1, generator=rng)
    rows, columns = labels // 2, labels % 2
    for quadrant in range(4):
        inside = (rows == quadrant // 2) & (columns == quadrant % 2)
        top, left = 4 * (quadrant // 2), 4 * (quadrant % 2)
        x[inside, top : top + 4, left : left + 4] += light
    return Examples(x.clamp(0, 255).byte(), labels)


@dataclass(frozen=True)
class QuadrantMeans:
    """The mean level of each quadrant as an embedding."""

    identity: str = "quadrants-00000000"
    dim: int = 4

    def __call__(self, x: Tensor) -> Tensor:
        return torch.nn.functional.avg_pool2d(x[..., 0].float().unsqueeze(1), 4).flatten(1)


def evidence(fake: Examples, count: int = 400, **other: Any) -> Evidence:
    """Made examples beside real ones in their parts."""
    train = quadrants(2 * count, seed=3)
    return Evidence(
        **{
            "fake": fake,
            "real": quadrants(count, seed=2),
            "control": train.rows(slice(0, count)),
            "train": train,
            "embedder": QuadrantMeans(),
            "classes": CLASSES,
            **other,
        }
    )
