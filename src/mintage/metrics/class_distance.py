"""Class distance: the Fréchet distance within every class, so that one bad class cannot hide among the others."""

from __future__ import annotations

from statistics import fmean
from typing import ClassVar

import torch
from torch import Tensor

from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes, Score
from mintage.statistics.gaussians import Gaussian, fit, frechet, frechet_distance
from mintage.statistics.intervals import normal

__all__ = ["ClassDistance"]

_FEWEST = 10  # of a class on either side: fewer say nothing even with a shrunk covariance


class ClassDistance(Settings):
    """Fréchet distance between the made and the real examples of each class, and its mean over the classes.

    The classes of made examples are those that they were asked to be, so that a class that is mistaken for another
    shows here, where the distance of all together stays small. It keeps its bias of order 1 / N: compare it with its
    floor, of as many control examples of the class, and not with the distance of all.

    Where a class has no more examples than the embedding has features, the covariances are shrunk towards a multiple
    of the identity (Ledoit and Wolf, 2004), on both sides; the score says so and has no interval.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("pictures",)

    def lacks(self, evidence: Evidence) -> str:
        """Classes of made and real examples, one of which has ten or more on both sides."""
        for name, examples in (("made", evidence.fake), ("reference", evidence.real)):
            if examples.labels is None:
                return f"the {name} examples have no classes"
        return "" if _classes(evidence) else f"no class has {_FEWEST} made and {_FEWEST} real examples"

    def measure(self, evidence: Evidence) -> Findings:
        """class_distance, and class_distance/NAME of each class with enough examples."""
        classes = _classes(evidence)
        names = {label: evidence.classes[label] if label < len(evidence.classes) else str(label) for label in classes}
        scores, variances = [], []
        for label in classes:
            parts = [_of(evidence, part, label) for part in ("fake", "real", "control")]
            score, variance = _score(names[label], *parts)
            scores.append(score)
            variances.append(variance)
        missing = len(set(evidence.real.labels.tolist())) - len(classes)  # type: ignore[union-attr]
        return Findings([_mean(scores, variances, missing), *scores])


def _classes(evidence: Evidence) -> list[int]:
    """The classes with enough examples on both sides."""
    made, real = evidence.fake.labels, evidence.real.labels
    assert made is not None
    assert real is not None
    return [
        label for label in torch.unique(real).tolist() if min(int((x == label).sum()) for x in (made, real)) >= _FEWEST
    ]


def _of(evidence: Evidence, part: str, label: int) -> Tensor:
    """The points of one class. Shape: (N, F)."""
    labels = getattr(evidence, part).labels
    return evidence.points(part)[:0] if labels is None else evidence.points(part)[labels == label]


def _score(name: str, made: Tensor, real: Tensor, control: Tensor) -> tuple[Score, float | None]:
    """The distance within one class, and its variance where that is known."""
    (value, variance), remarks, floor = _distance(made, real), [], None
    if variance is None:
        remarks.append(f"shrunk covariances, no interval: there are no more examples than the {made.shape[1]} features")
    if len(control) >= _FEWEST:
        floor = _distance(control[: len(made)], real)[0]
        if len(control) < len(made):
            remarks.append(f"the floor is of fewer, {len(control)} control examples, and therefore a little higher")
    low, high = (None, None) if variance is None else normal(value, variance)
    beside = "" if floor is None else f"; real ones are {floor:.3g} apart"
    score = Score(
        name=f"class_distance/{name}",
        value=value,
        low=None if low is None else max(low, 0.0),
        high=high,
        floor=floor,
        ideal=0.0,
        counts={"fake": len(made), "real": len(real)},
        words=f"Made and real examples of {name} are {value:.3g} apart{beside}.",
        remarks=remarks,
    )
    return score, variance


def _mean(scores: list[Score], variances: list[float | None], missing: int) -> Score:
    """The mean over classes, whose examples are independent of each other."""
    value = fmean(score.value for score in scores)
    known = [each for each in variances if each is not None]
    low, high = normal(value, sum(known) / len(known) ** 2) if len(known) == len(scores) else (None, None)
    floors = [score.floor for score in scores if score.floor is not None]
    worst = max(scores, key=lambda score: score.value)
    remarks = [f"{missing} classes have too few examples and are left out"] if missing else []
    if low is None:
        remarks.append("no interval: the covariances of some classes are shrunk")
    return Score(
        name="class_distance",
        value=value,
        low=None if low is None else max(low, 0.0),
        high=high,
        floor=fmean(floors) if len(floors) == len(scores) else None,
        ideal=0.0,
        counts={side: sum(score.counts[side] for score in scores) for side in ("fake", "real")},
        words=f"Made and real examples of a class are {value:.3g} apart on average, "
        f"most of all those of {worst.name.partition('/')[2]} ({worst.value:.3g}).",
        remarks=remarks,
    )


def _distance(a: Tensor, b: Tensor) -> tuple[float, float | None]:
    """The Fréchet distance of two sets of points and its variance; None where covariances had to be shrunk."""
    if min(len(a), len(b)) > a.shape[1]:
        return frechet(a, b)
    return frechet_distance(_shrunk(a), _shrunk(b)), None


def _shrunk(points: Tensor) -> Gaussian:
    """The Gaussian with the covariance of Ledoit and Wolf (2004): nearest the true one among mixtures with identity."""
    raw = fit(points)
    centred = points.double() - raw.mean
    biased = raw.covariance * (raw.count - 1) / raw.count
    target = torch.eye(len(raw.mean), dtype=torch.float64) * biased.diagonal().mean()
    apart = (biased - target).square().sum()
    rough = (centred.square().sum(1).square().mean() - biased.square().sum()) / raw.count
    weight = float((rough / apart).clamp(0, 1)) if apart > 0 else 0.0
    return Gaussian(raw.mean, (1 - weight) * raw.covariance + weight * target, raw.count)
