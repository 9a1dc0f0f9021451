"""Record fidelity: whether made records are typical, cover the real ones, and are no copies of those learned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes, Score
from mintage.seeding import generator
from mintage.statistics.intervals import binomial, jackknife
from mintage.statistics.neighbours import nearest
from mintage.statistics.record_space import RecordSpace, Standard, lack_of_records

__all__ = ["RecordFidelity"]

_FEWEST = 100
_GROUPS = 20  # of records, left out one at a time


class RecordFidelity(Settings):
    """Alpha-precision, beta-recall and authenticity (Alaa et al., 2022), in standardised columns.

    `alpha_precision`: around the middle of the real records lie balls that hold each share of them; made records should
    fill every ball by the same share. `beta_recall`: such balls of made records should cover as many of the real ones,
    where a real record is covered if a made one is nearer than its k-th real neighbour. Both are 1 minus twice the area
    between that curve and the diagonal. Low precision: outliers, or only the most common records. Low recall: kinds of
    records that are never made. `authenticity`: share of made records that are farther from the training record
    nearest to them than that one is from its own nearest neighbour; low: copies. The paper learns a space first; here
    numbers stand by median and quartiles, at most four scales out, and categories one-hot, so the figures compare with
    their floor rather than with the paper's.

    The interval of recall is over real records, for the made ones there are.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("records",)

    k: int = Field(5, ge=1)
    """Neighbour of a real record that a made one must be nearer than."""
    samples: int = Field(5_000, ge=100)
    """Records of each kind at most: distances among all of them take time."""

    def lacks(self, evidence: Evidence) -> str:
        """Records, some of each kind, with a column that is no identifier."""
        return lack_of_records(evidence, _FEWEST, "made", "real", "train")

    def measure(self, evidence: Evidence) -> Findings:
        """Scores alpha_precision, beta_recall and authenticity."""
        records = evidence.records
        assert records is not None
        frames = {part: getattr(records, part) for part in ("made", "real", "control", "train")}
        space = RecordSpace.of([records.train, *frames.values()], records.kinds)
        standard = Standard.of(space, records.train)
        count = min(self.samples, len(records.made), len(records.real))
        points = {part: standard.points(frame if part == "train" else frame[:count]) for part, frame in frames.items()}
        group = torch.randperm(count, generator=generator(evidence.seed, "record fidelity")) % _GROUPS
        made = _Clouds.of(points["real"], points["made"], self.k)
        floor = _Clouds.of(points["real"], points["control"], self.k) if len(points["control"]) >= _FEWEST else None
        return Findings(
            [
                _of_curve("alpha_precision", made, floor, group),
                _of_curve("beta_recall", made, floor, group),
                _authenticity(points, evidence.train_is_known),
            ]
        )


@dataclass(frozen=True, eq=False)
class _Clouds:
    """Where made records lie among the real ones and the other way round."""

    of_real: Tensor  # (N,) how far each real record is from the middle of the real ones
    of_made: Tensor  # (M,) how far each made record is from the middle of the real ones
    made_spread: Tensor  # (M,) how far each made record is from the middle of the made ones
    beside: Tensor  # (N,) int64: the made record that is nearest to each real one
    is_covered: Tensor  # (N,) bool: it is nearer than the real record's k-th neighbour

    @classmethod
    def of(cls, real: Tensor, made: Tensor, k: int) -> _Clouds:
        middles = [cloud.mean(0, keepdim=True) for cloud in (real, made)]
        radii = nearest(real, real, k, exclude_self=True).distances[:, -1]
        found = nearest(real, made, 1)
        return cls(
            of_real=torch.cdist(real, middles[0])[:, 0],
            of_made=torch.cdist(made, middles[0])[:, 0],
            made_spread=torch.cdist(made, middles[1])[:, 0],
            beside=found.indices[:, 0],
            is_covered=found.distances[:, 0] <= radii,
        )

    def alpha_precision(self, real: Tensor, made: Tensor) -> float:
        """Of some of the real and of the made records. Shape: (N,) and (M,) bool."""
        return _near_diagonal(_places(self.of_made[made], self.of_real[real]))

    def beta_recall(self, real: Tensor, made: Tensor) -> float:
        """Of some of the real and of the made records; what covers a real one is as among all of them."""
        places = _places(self.made_spread[self.beside[real]], self.made_spread[made])
        return _near_diagonal(torch.where(self.is_covered[real], places, torch.inf))


def _places(distances: Tensor, among: Tensor) -> Tensor:
    """The smallest share of others whose ball reaches so far; more than 1 where none does."""
    ordered = among.sort().values
    inside = torch.searchsorted(ordered, distances.contiguous())  # how many are nearer
    return (inside + 1).double() / len(ordered)


def _near_diagonal(places: Tensor) -> float:
    """1 - twice the area between the diagonal and the curve of how many places are at most so large."""
    share = torch.arange(1, 1001, dtype=torch.float64) / 1000
    curve = torch.searchsorted(places.sort().values, share, right=True).double() / len(places)
    return 1 - 2 * float((curve - share).abs().mean())


def _of_curve(name: str, made: _Clouds, floor: _Clouds | None, group: Tensor) -> Score:
    def value(clouds: _Clouds, gone: int | None = None) -> float:
        real, others = torch.ones(len(clouds.of_real)).bool(), torch.ones(len(clouds.of_made)).bool()
        if gone is not None:
            real, others = group != gone, group != gone
        return float(getattr(clouds, name)(real, others))

    found = value(made)
    low, high = jackknife(found, [value(made, gone) for gone in range(_GROUPS)])
    of_floor = None if floor is None else value(floor)
    beside = "" if of_floor is None else f"; other real records reach {of_floor:.1%}"
    meant = {
        "alpha_precision": "Made records are as typical as real ones",
        "beta_recall": "Made records reach the kinds of real ones",
    }[name]
    return Score(
        name=name, value=found, low=max(low, 0.0), high=min(high, 1.0), floor=of_floor, ideal=1.0,
        counts={"made": len(made.of_made), "real": len(made.of_real)},
        words=f"{meant} to {found:.1%} ({max(low, 0.0):.1%} to {min(high, 1.0):.1%}){beside}.",
    )  # fmt: skip


def _authenticity(points: dict[str, Tensor], train_is_known: bool) -> Score:
    authentic = _is_authentic(points["made"], points["train"])
    floor = float(_is_authentic(points["real"], points["train"]).double().mean()) if train_is_known else None
    low, high = binomial(int(authentic.sum()), len(authentic))
    value = float(authentic.double().mean())
    beside = "" if floor is None else f", as {floor:.1%} of unseen real ones are"
    return Score(
        name="authenticity", value=value, low=low, high=high, floor=floor,
        counts={"made": len(authentic), "train": len(points["train"])},
        words=f"{value:.1%} of the made records ({low:.1%} to {high:.1%}) are farther from the training record nearest "
        f"to them than that one is from its neighbours{beside}.",
        remarks=[] if train_is_known else ["What was learned from is not known: all real records stand for it."],
    )  # fmt: skip


def _is_authentic(points: Tensor, train: Tensor) -> Tensor:
    """Whether each is farther from the training record nearest to it than that is from another one. Shape: (M,)."""
    found = nearest(points, train, 1)
    origins, which = torch.unique(found.indices[:, 0], return_inverse=True)
    apart = nearest(train[origins], train, 2).distances[:, 1]  # the nearest of all is itself, or its equal
    return found.distances[:, 0] > apart[which]
