"""How two clouds of points lie in each other's neighbourhoods, and what that would vary by with other points."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from mintage.seeding import generator
from mintage.statistics.gaussians import Estimate
from mintage.statistics.intervals import LEVEL, Interval, student_quantile
from mintage.statistics.neighbours import Neighbours, nearest, within

__all__ = ["Held", "Manifold", "Overlap", "coverage_variance", "held", "share_interval"]

_GROUPS = 20  # of reals, left out one at a time
_LEVELS = (20, 10, 5)  # batches into which both clouds are cut
_PAIRS = 1 << 18  # held in memory at once
_DEGREES = 25  # of freedom that a variance from groups or batches has, about
_SMALLEST = 5  # points of a batch, in multiples of k


@dataclass(frozen=True, eq=False)
class Manifold:
    """Points, each with a ball that reaches to its k-th neighbour."""

    points: Tensor  # (N, F)
    k: int = 5
    spare: int = 8  # neighbours beyond the k-th, to have k left when a group of points is gone

    @cached_property
    def neighbours(self) -> Neighbours:
        """Of each point, itself not counted, k and some to spare. Shape: (N, K) twice."""
        return nearest(self.points, self.points, min(self.k + self.spare, len(self.points) - 1), exclude_self=True)

    @property
    def radii(self) -> Tensor:
        """How far each point's k-th neighbour is. Shape: (N,)."""
        return self.neighbours.distances[:, self.k - 1]

    def batches(self, count: int, rng: torch.Generator) -> list[Manifold]:
        """Disjoint parts by chance: points may stand in the order of their classes."""
        order = torch.randperm(len(self.points), generator=rng)
        return [Manifold(self.points[order[place::count]], self.k, spare=0) for place in range(count)]


@dataclass(frozen=True, eq=False)
class Overlap:
    """Which points of each of two manifolds lie in balls of the other; the shares are of the fakes or the reals."""

    around_fake: Tensor  # (M,) int64: real balls that hold each fake
    around_real: Tensor  # (N,) int64: fake balls that hold each real
    inside_real: Tensor  # (N,) int64: fakes that each real ball holds
    k: int

    @classmethod
    def of(cls, real: Manifold, fake: Manifold) -> Overlap:
        """Counted in blocks. A point on the very edge of a ball is outside."""
        n, m = len(real.points), len(fake.points)
        around_fake, around_real, inside_real = (torch.zeros(size, dtype=torch.int64) for size in (m, n, n))
        for a, b, distances in within(real.points, fake.points, of_queries=real.radii, of_points=fake.radii):
            held = distances < real.radii[a]
            around_fake += b[held].bincount(minlength=m)
            inside_real += a[held].bincount(minlength=n)
            around_real += a[distances < fake.radii[b]].bincount(minlength=n)
        return cls(around_fake, around_real, inside_real, real.k)

    @property
    def precision(self) -> float:
        """Share of fakes within the reals (Kynkäänniemi et al., 2019)."""
        return _share(self.around_fake > 0)

    @property
    def recall(self) -> float:
        """Share of reals within the fakes (Kynkäänniemi et al., 2019)."""
        return _share(self.around_real > 0)

    @property
    def density(self) -> float:
        """Real balls that hold a fake, by k (Naeem et al., 2020)."""
        return _share(self.around_fake) / self.k

    @property
    def coverage(self) -> float:
        """Share of reals whose ball holds a fake (Naeem et al., 2020)."""
        return _share(self.inside_real > 0)


class Held(NamedTuple):
    """What some points find in a manifold."""

    share: Estimate  # of the points within any ball: precision, or recall with the roles exchanged
    depth: Estimate  # balls that hold a point, by k: density
    covered: float  # share of the balls that hold a point: coverage


def held(balls: Manifold, points: Tensor) -> Held:
    """How points lie in the balls of others, with the variance over other points and other balls.

    Given the balls, both are means over independent points. What other balls would change is seen by leaving out
    groups of them (the delete-a-group jackknife), in two halves of the points whose changes are multiplied, so that
    the points' own chance does not count twice. A jackknife of both together would overstate the variance, two- to
    fourfold in simulation, as what a few near points do together is counted once for each of them.

    Shape: (M, F).
    """
    k, count, groups = balls.k, len(balls.points), min(_GROUPS, len(balls.points))
    found = balls.neighbours
    group = torch.randperm(count, generator=generator(0, "held")) % groups
    gone = torch.cat([torch.zeros(1, groups), torch.eye(groups)]).bool()  # (1 + G, G): none, or one of them
    kept = ~gone[:, group[found.indices]]  # (1 + G, N, K)
    last = (kept.cumsum(2) < k).sum(2).clamp_max(kept.shape[2] - 1).T
    radii = found.distances.gather(1, last).masked_fill(gone.T[group], 0.0)  # (N, 1 + G); nothing is nearer than 0
    around, covered = torch.zeros(len(points), 1 + groups), torch.zeros(count, dtype=torch.bool)
    for a, b, distances in within(balls.points, points, of_queries=radii.amax(1)):
        covered[a[distances < radii[a, 0]]] = True
        for part in torch.split(torch.arange(len(a)), _PAIRS):
            around.index_add_(0, b[part], (distances[part, None] < radii[a[part]]).float())
    return Held(_in_two_halves(around > 0), _in_two_halves(around / k), _share(covered))


def _in_two_halves(values: Tensor) -> Estimate:
    """The mean over points of the first column, when the others show it without a group. Shape: (M, 1 + G)."""
    values = values.double()
    even, odd = (values[half::2, 1:].mean(0) for half in (0, 1))
    groups = values.shape[1] - 1
    between = (groups - 1) / groups * float(((even - even.mean()) * (odd - odd.mean())).sum())
    return Estimate(float(values[:, 0].mean()), float(values[:, 0].var()) / len(values) + max(between, 0.0))


def coverage_variance(coverage: float, real: Manifold, fake: Manifold) -> float | None:
    """The variance of a coverage; None for fewer than 25 k points.

    Given neither reals nor fakes do the reals count independently. By how much their share varies more than that of
    independent ones is seen on disjoint batches (20, 10 and 5 to the whole), where this factor is nearly that of the
    whole although the coverage is another one.
    """
    count = min(len(real.points), len(fake.points))
    rng, factor, degrees = generator(0, "coverage"), 0.0, 0
    for level in _LEVELS:
        if count // level < _SMALLEST * real.k:
            continue
        pairs = zip(real.batches(level, rng), fake.batches(level, rng), strict=True)
        shares = torch.tensor([Overlap.of(*pair).coverage for pair in pairs], dtype=torch.float64)
        chance = float(shares.mean() * (1 - shares.mean())) / (count // level)
        factor += (level - 1) * (float(shares.var()) / chance if chance > 0 else 1.0)
        degrees += level - 1
    if not degrees:
        return None
    return max(1.0, factor / degrees) * coverage * (1 - coverage) / count


def share_interval(share: float, variance: float, count: int) -> Interval:
    """Of a share of `count`, as of so many independent trials as would vary as much (Wilson, 1927)."""
    sure = (share * count + 1) / (count + 2)  # a share of all or none may vary too
    trials = min(count, sure * (1 - sure) / variance) if variance > 0 else count
    square = student_quantile(0.5 + LEVEL / 2, _DEGREES) ** 2
    centre, scale = share + square / (2 * trials), 1 + square / trials
    half = math.sqrt(square * (share * (1 - share) / trials + square / (4 * trials**2)))
    return Interval(max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale))


def _share(values: Tensor) -> float:
    return float(values.double().mean())
