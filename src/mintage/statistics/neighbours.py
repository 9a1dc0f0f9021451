"""Exact nearest neighbours and all pairs within reach, block by block, so that memory does not grow with N x M."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["Neighbours", "Pairs", "nearest", "pair_distances", "within"]

_BLOCK_BYTES = 8 << 20
_SPARE = 4  # candidates beyond k, so that float32 may order near ties wrongly and the right ones are still among them
_DOUBT = 100  # roundings of |a|^2 + |b|^2: more than |a|^2 + |b|^2 - 2ab loses
_WIDEST = 32  # candidates a row for which a block must have room


class Neighbours(NamedTuple):
    """The nearest points of every query, nearest first."""

    distances: Tensor  # (N, k) float32, of sums in float64
    indices: Tensor  # (N, k) int64


class Pairs(NamedTuple):
    """Some pairs of a query and a point."""

    queries: Tensor  # (P,) int64
    points: Tensor  # (P,) int64
    distances: Tensor  # (P,) float32, of sums in float64


def nearest(queries: Tensor, points: Tensor, k: int, *, exclude_self: bool = False) -> Neighbours:
    """The k nearest points of every query by Euclidean distance, exactly.

    Candidates come from a matrix product in float32, kept low enough to be a lower bound, and are then measured
    themselves. A row whose bounds do not prove that no nearer point was missed is searched again in float64.

    Shape: (N, F), (M, F) -> (N, k) twice. With `exclude_self`, queries and points are the same and none is its own.

    Raises:
        ValueError: fewer than k points.
    """
    count = len(points) - exclude_self
    if not 1 <= k <= count:
        raise ValueError(f"{k} nearest of {count} points: k must be at least 1 and at most their number.")
    candidates = min(k + _SPARE, count)
    found = Neighbours(torch.empty(len(queries), k), torch.empty(len(queries), k, dtype=torch.int64))
    unsure = torch.arange(len(queries))
    for dtype in (torch.float32, torch.float64):
        left = []
        for block, bounds in _bounds(queries[unsure] if len(unsure) < len(queries) else queries, points, dtype):
            rows = unsure[block]
            if exclude_self:
                bounds[torch.arange(len(rows)), rows] = torch.inf
            cutoff, columns = bounds.topk(candidates, largest=False)
            distances, indices = _closest(queries[rows], points, columns, k)
            found.distances[rows], found.indices[rows] = distances, indices
            farthest = distances[:, -1]
            left.append(rows[(farthest.double().square() > cutoff[:, -1]) & (farthest > 0)])
        unsure = torch.cat(left)
        if candidates == count or not len(unsure):
            break
    return found


def within(
    queries: Tensor, points: Tensor, *, of_queries: Tensor | None = None, of_points: Tensor | None = None
) -> Iterator[Pairs]:
    """All pairs nearer than the query's reach, or nearer than the point's reach, a block of queries at a time.

    Shape: (N, F), (M, F), reaches (N,) and (M,).
    """
    for rows, bounds in _bounds(queries, points, torch.float32):
        near = torch.zeros_like(bounds, dtype=torch.bool)
        if of_queries is not None:
            near |= bounds < of_queries[rows, None].square()
        if of_points is not None:
            near |= bounds < of_points.square()
        a, b = near.nonzero(as_tuple=True)
        pairs = Pairs(a + rows.start, b, pair_distances(queries[rows], points, a, b))
        sure = torch.zeros_like(a, dtype=torch.bool)
        if of_queries is not None:
            sure |= pairs.distances < of_queries[pairs.queries]
        if of_points is not None:
            sure |= pairs.distances < of_points[pairs.points]
        yield Pairs(*(each[sure] for each in pairs))


def pair_distances(queries: Tensor, points: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Distances of chosen pairs, summed in float64 and then rounded, so that equal distances are equal numbers.

    Shape: (N, F), (M, F), indices (P,) twice -> (P,) float32.
    """
    step = max(1, _BLOCK_BYTES // (16 * queries.shape[1]))
    distances = torch.empty(len(rows))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        gaps = queries[rows[part]] - points[columns[part]]
        distances[part] = torch.linalg.vector_norm(gaps, dim=1, dtype=torch.float64).float()
    return distances


def _closest(queries: Tensor, points: Tensor, found: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k nearest of the candidates of each query. Shape: (B, F), (M, F), (B, K) -> (B, k) twice."""
    rows = torch.arange(len(queries)).repeat_interleave(found.shape[1])
    exact = pair_distances(queries, points, rows, found.flatten()).view(found.shape)
    exact, order = exact.sort(dim=1, stable=True)
    return exact[:, :k], found.gather(1, order[:, :k])


def _bounds(queries: Tensor, points: Tensor, dtype: torch.dtype) -> Iterator[tuple[slice, Tensor]]:
    """Lower bounds of squared distances, around the points' centre: blocks of (rows, (B, M))."""
    doubt = _DOUBT * torch.finfo(dtype).eps
    centre = points.mean(0, dtype=torch.float64).to(dtype)
    centred = points.to(dtype) - centre
    norms = centred.square().sum(1)
    step = max(1, _BLOCK_BYTES // (dtype.itemsize * max(len(points), _WIDEST * queries.shape[1])))
    for start in range(0, len(queries), step):
        rows = slice(start, min(start + step, len(queries)))
        block = queries[rows].to(dtype) - centre
        bounds = torch.addmm(norms, block, centred.T, beta=1 - doubt, alpha=-2)
        yield rows, bounds.add_((1 - doubt) * block.square().sum(1, keepdim=True))
