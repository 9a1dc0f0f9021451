"""Cells of a cloud of points: its main directions, and k-means in them."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["Cells"]

_ROUNDS = 50
_BLOCK = 8192


class Cells:
    """A partition of space by k-means (Lloyd, 1982) in the leading principal components of some points.

    Centres start as k-means++ draws them (Arthur and Vassilvitskii, 2007). The same points, count and generator give
    the same cells.

    Shape: (N, F), N >= count.
    """

    def __init__(self, points: Tensor, count: int, rng: torch.Generator, *, most_directions: int = 64) -> None:
        self._mean = points.mean(0, dtype=torch.float64).float()
        scatter = torch.zeros(points.shape[1], points.shape[1])
        for block in torch.split(points, _BLOCK):
            scatter.addmm_((block - self._mean).T, block - self._mean)
        self._directions = torch.linalg.eigh(scatter).eigenvectors[:, -most_directions:]
        flat = (points - self._mean) @ self._directions
        self._centres = flat[:1]
        while len(self._centres) < count:
            far = torch.cdist(flat, self._centres).amin(1).square().clamp_min(1e-20)
            self._centres = torch.cat([self._centres, flat[torch.multinomial(far, 1, generator=rng)]])
        for _ in range(_ROUNDS):
            cells = torch.cdist(flat, self._centres).argmin(1)
            sizes = cells.bincount(minlength=count).clamp_min(1)[:, None]
            moved = torch.zeros_like(self._centres).index_add_(0, cells, flat) / sizes
            if torch.equal(moved, self._centres):
                break
            self._centres = moved

    def __call__(self, points: Tensor) -> Tensor:
        """The cell that each point lies in. Shape: (N, F) -> (N,) int64."""
        return torch.cdist((points - self._mean) @ self._directions, self._centres).argmin(1)
