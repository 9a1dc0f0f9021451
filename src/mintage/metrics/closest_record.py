"""Closest record: whether made records lie nearer to those that were learned from than to others like them."""

from __future__ import annotations

import math
from typing import ClassVar, NamedTuple

import torch
from pydantic import Field
from torch import Tensor

from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes, Score
from mintage.statistics.intervals import Interval, binomial, normal
from mintage.statistics.neighbours import Neighbours, nearest
from mintage.statistics.record_arrays import chance, records_lack, records_of
from mintage.statistics.record_distances import MixedSpace

__all__ = ["ClosestRecord"]

_FEWEST = 40
_QUANTILE = 0.05


class ClosestRecord(Settings):
    """Share of made records that are nearer to a training record than to any of as many held-out ones: a half.

    Platzer and Reutterer (2021) compare so: distances alone say little, since a good generator comes near to real
    records, but it has no reason to come nearer to those it learned from. Where there are more training records than
    held-out ones, each of them weighs less, so that none is left out. Beside the share stands the distance that the
    nearest twentieth of the made records keeps, and that unseen real records keep.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("records",)

    most: int = Field(10_000, ge=_FEWEST)
    """Made records, and held-out ones, that are looked at."""
    most_train: int = Field(50_000, ge=_FEWEST)
    """Training records that are searched."""

    def lacks(self, evidence: Evidence) -> str:
        """Made, held-out and training records."""
        return records_lack(evidence, _FEWEST)

    def measure(self, evidence: Evidence) -> Findings:
        """Scores closest_record and closest_distance."""
        arrays, rng = records_of(evidence), chance(evidence.seed, "closest_record")
        space, most = MixedSpace(arrays), {"made": self.most, "real": self.most, "train": self.most_train}
        points = {part: space(arrays.some(part, count, rng)) for part, count in most.items()}
        made, real, train = points.values()
        half = len(real) // 2
        near, by_themselves = nearest(made, train, 1), nearest(real, train, 1)
        unseen = Neighbours(*(each[half:] for each in by_themselves))
        share = _Sides.of(near, nearest(made, real, 1)).share(len(train), len(real))
        floor = _Sides.of(unseen, nearest(real[half:], real[:half], 1)).share(len(train), half)
        counts = {part: len(each) for part, each in points.items()}
        return Findings(
            [
                _share_score(share, floor, counts),
                _distance_score(near.distances[:, 0], by_themselves.distances[:, 0], counts),
            ]
        )


class _Sides(NamedTuple):
    """Which of two groups each of some records is nearest to."""

    nearer: Tensor  # (N,) float64: 1 to a training record, 0 to a held-out one, a half to both
    closest: Tensor  # (N,) int64: which record that is

    @classmethod
    def of(cls, train: Neighbours, real: Neighbours) -> _Sides:
        gap = train.distances[:, 0] - real.distances[:, 0]
        closest = torch.where(gap <= 0, train.indices[:, 0], -1 - real.indices[:, 0])
        return cls((gap < 0).double() + 0.5 * (gap == 0).double(), closest)

    def share(self, train: int, real: int) -> tuple[float, Interval]:
        """The share nearer to training records, had there been as many of both, and its interval.

        Those whose closest record is the same are one observation: had chance put that record on the other side, all
        of them would have changed sides.
        """

        def weighed(share: float) -> float:
            return share / train / (share / train + (1 - share) / real)

        share = float(self.nearer.mean())
        groups = torch.unique(self.closest, return_inverse=True)[1]
        count = int(groups.max()) + 1
        if share in (0.0, 1.0):
            low, high = binomial(round(share * count), count)
        else:
            sums = torch.zeros(count, dtype=torch.float64).index_add(0, groups, self.nearer - share)
            low, high = normal(share, float(sums.square().sum()) / len(groups) ** 2)
        return weighed(share), Interval(weighed(max(0.0, low)), weighed(min(1.0, high)))


def _share_score(share: tuple[float, Interval], floor: tuple[float, Interval], counts: dict[str, int]) -> Score:
    value, (low, high) = share
    unseen, (_, most) = floor
    if low > max(0.5, most):
        verdict = "they lean on the records that were learned from"
    elif low > 0.5:
        verdict = f"but so are {unseen:.1%} of real records that nobody learned from, so this is no sign of copying"
    else:
        verdict = "no sign of copying"
    return Score(
        name="closest_record",
        value=value,
        low=low,
        high=high,
        floor=unseen,
        ideal=0.5,
        counts=counts,
        words=f"{value:.1%} of the made records ({low:.1%} to {high:.1%}) are nearer to a training record than to any "
        f"of as many that nobody learned from; a half would be fair: {verdict}.",
        remarks=["Training records are weighed as if they were as many as the held-out ones."],
    )


def _distance_score(made: Tensor, real: Tensor, counts: dict[str, int]) -> Score:
    value, low, high = _quantile(made)
    floor, least, _ = _quantile(real)
    verdict = "nearer than real ones come by themselves" if high < least else "no nearer than real ones come"
    return Score(
        name="closest_distance",
        value=value,
        low=low,
        high=high,
        floor=floor,
        counts=counts,
        words=f"The nearest twentieth of the made records comes within {value:.3g} ({low:.3g} to {high:.3g}) of a "
        f"training record, that of unseen real ones within {floor:.3g}: {verdict}.",
        remarks=["A distance of 1 is one category that differs, or one number at the other end of its range."],
    )


def _quantile(distances: Tensor) -> tuple[float, float, float]:
    """The twentieth of some distances, and its interval, by ranks."""
    ordered, count = distances.sort().values, len(distances)
    rank = math.ceil(_QUANTILE * count)
    ends = (math.floor(end * count) for end in binomial(rank, count))
    low, high = (float(ordered[min(end, count - 1)]) for end in ends)
    return float(ordered[rank - 1]), low, high
