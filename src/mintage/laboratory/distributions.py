"""Distributions in the plane that a small GAN may learn, each with the places that samples should reach."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Generator, Tensor

from mintage.errors import ConfigError
from mintage.statistics.modes import grid, ring

__all__ = ["EDGE", "Distribution", "Name", "distribution"]

Name = Literal["ring", "grid", "moons", "line", "points"]

EDGE = 1.25  # all that is seen lies in the square from -EDGE to EDGE
_MOST_POINTS = 2_000
_APART = 0.12  # drawn points that are nearer than this are one place


@dataclass(frozen=True, eq=False)
class Distribution:
    """Points around places: `sample` draws them, `centres` are what a good generator reaches."""

    name: Name
    spread: float  # standard deviation around the shape
    centres: Tensor  # (K, 2)
    shape: Callable[[int, Generator], Tensor]  # points without their spread: (n, 2)

    def sample(self, n: int, rng: Generator) -> Tensor:
        """Draw points. Shape: (n, 2)."""
        return self.shape(n, rng) + self.spread * torch.randn(n, 2, generator=rng)


def distribution(name: str, points: Sequence[Sequence[float]] | None = None) -> Distribution:
    """A distribution by name; "points" takes those that a person drew.

    >>> distribution("ring").centres.shape, distribution("points", [(0, 0), (0.5, 0)]).centres.tolist()
    (torch.Size([8, 2]), [[0.0, 0.0], [0.5, 0.0]])

    Raises:
        ConfigError: there is no such distribution, or the points are none, too many, or not in the square.
    """
    if name == "points":
        return _of_points(points)
    if name == "ring":
        return _around("ring", ring(8, 0.85), 0.03)
    if name == "grid":
        return _around("grid", grid(5, 0.42), 0.025)
    if name == "moons":
        return Distribution(
            "moons", 0.03, _moons(torch.linspace(0.06, 0.94, 8).repeat(2), torch.arange(16) // 8), _both
        )
    if name == "line":
        return Distribution("line", 0.02, _line(torch.linspace(0.05, 0.95, 10)), lambda n, rng: _line(_uniform(n, rng)))
    raise ConfigError(f"There is no distribution {name!r}. Known are: {', '.join(get_args(Name))}.")


def _around(name: Name, centres: Tensor, spread: float) -> Distribution:
    def shape(n: int, rng: Generator) -> Tensor:
        return centres[torch.randint(len(centres), (n,), generator=rng)]

    return Distribution(name, spread, centres, shape)


def _of_points(points: Sequence[Sequence[float]] | None) -> Distribution:
    if not points or len(points) > _MOST_POINTS:
        raise ConfigError(f"Draw some points, {_MOST_POINTS:,} at most; here are {len(points or ()):,}.")
    if not all(_is_pair(point) for point in points):
        raise ConfigError(f"Points are pairs of numbers from -{EDGE} to {EDGE}.")
    drawn = torch.tensor(points, dtype=torch.float32)
    places: list[Tensor] = []
    for point in drawn:
        if not places or float((torch.stack(places) - point).norm(dim=1).min()) > _APART:
            places.append(point)
    return Distribution(
        "points", 0.02, torch.stack(places), lambda n, rng: drawn[torch.randint(len(drawn), (n,), generator=rng)]
    )


def _is_pair(point: Any) -> bool:
    if not isinstance(point, Sequence) or isinstance(point, str) or len(point) != 2:
        return False
    return all(isinstance(value, int | float) and math.isfinite(value) and abs(value) <= EDGE for value in point)


def _uniform(n: int, rng: Generator) -> Tensor:
    return torch.rand(n, generator=rng)


def _line(at: Tensor) -> Tensor:
    return torch.stack([1.8 * at - 0.9, 1.0 * at - 0.5], 1)


def _both(n: int, rng: Generator) -> Tensor:
    return _moons(_uniform(n, rng), torch.randint(2, (n,), generator=rng))


def _moons(at: Tensor, which: Tensor) -> Tensor:
    """Two half circles that reach into one another. Shape: (n,), (n,) of 0 and 1 -> (n, 2)."""
    angle = torch.pi * at
    upper = torch.stack([angle.cos() - 0.5, angle.sin() - 0.25], 1)
    return 0.62 * torch.where(which[:, None] == 0, upper, -upper)
