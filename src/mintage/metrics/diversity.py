"""Whether the made examples differ from each other as much as real ones do."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes, Score
from mintage.errors import DataError
from mintage.statistics.gaussians import Estimate
from mintage.statistics.intervals import binomial, normal
from mintage.statistics.neighbours import nearest

__all__ = ["Diversity"]

_NEAR = 0.01  # of the real examples, that have a near copy by definition
_BLOCK = 512


class Diversity(Settings):
    """Mean distance between two made examples, by that of two real ones; and how many made ones have a near copy.

    Diversity well below 1 is a collapse, of the whole or, in `class_diversity`, within the classes, where a generator
    can fail although it makes all classes. Duplicates are made examples as near to another made one as the nearest
    hundredth of the real ones is to another real one. Neither compares made examples with training ones.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("pictures", "text")

    most: int = 5000
    """Examples of each side that are compared with each other."""
    fewest_of_class: int = 10
    """Classes with fewer examples on either side are left out."""

    def lacks(self, evidence: Evidence) -> str:
        """A mean distance needs some pairs."""
        fewest = min(len(evidence.fake), len(evidence.real))
        return f"it needs 10 examples of each side or more, and there are {fewest}" * (fewest < 10)

    def measure(self, evidence: Evidence) -> Findings:
        """Scores diversity and duplicates; class_diversity if both sides have labels."""
        count = min(len(evidence.fake), len(evidence.real), self.most)
        parts = ("fake", "real", "control") if len(evidence.control) >= 10 else ("fake", "real")
        points = {part: evidence.points(part)[:count] for part in parts}
        labels = {part: getattr(evidence, part).labels for part in parts}
        scores = [_diversity({part: _spread(x) for part, x in points.items()}, count)]
        if labels["fake"] is not None and labels["real"] is not None:
            labels = {part: values[:count] for part, values in labels.items() if values is not None}
            scores += self._within_classes(points, labels, count)
        return Findings([*scores, _duplicates(points, count)])

    def _within_classes(self, points: dict[str, Tensor], labels: dict[str, Tensor], count: int) -> list[Score]:
        ratios: dict[str, list[Estimate]] = {"fake": [], "control": []}
        for label in torch.unique(labels["real"]).tolist():
            inside = {part: points[part][labels[part] == label] for part in labels}
            if min(len(inside["fake"]), len(inside["real"])) < self.fewest_of_class:
                continue
            real = _spread(inside["real"])
            ratios["fake"].append(_ratio(_spread(inside["fake"]), real))
            if len(inside.get("control", ())) >= self.fewest_of_class:
                ratios["control"].append(_ratio(_spread(inside["control"]), real))
        if not (made := ratios["fake"]):
            return []
        value = sum(ratio.value for ratio in made) / len(made)
        low, high = normal(value, sum(ratio.variance for ratio in made) / len(made) ** 2)
        others = ratios["control"]
        return [
            Score(
                name="class_diversity",
                value=value,
                low=low,
                high=high,
                floor=sum(ratio.value for ratio in others) / len(others) if others else None,
                ideal=1.0,
                counts={"fake": count, "real": count, "classes": len(made)},
                words=f"Made examples of one class differ from each other {_percent(value, low, high)} as much as real "
                "ones of that class.",
            )
        ]


def _diversity(spreads: dict[str, Estimate], count: int) -> Score:
    value, variance = _ratio(spreads["fake"], spreads["real"])
    low, high = normal(value, variance)
    return Score(
        name="diversity",
        value=value,
        low=low,
        high=high,
        floor=_ratio(spreads["control"], spreads["real"]).value if "control" in spreads else None,
        ideal=1.0,
        counts={"fake": count, "real": count},
        words=f"Two made examples differ {_percent(value, low, high)} as much as two real ones.",
    )


def _duplicates(points: dict[str, Tensor], count: int) -> Score:
    nearests = {part: nearest(x, x, 1, exclude_self=True).distances[:, 0] for part, x in points.items()}
    threshold = nearests["real"].sort().values[max(1, round(_NEAR * count)) - 1]
    near = {part: int((distances <= threshold).sum()) for part, distances in nearests.items()}
    share = near["fake"] / count
    fewer = "control" in near and len(points["control"]) < count
    # near copies come in twos: half as many independent trials
    low, high = binomial(round(near["fake"] / 2), round(count / 2))
    floor = near["control"] / len(points["control"]) if "control" in near else near["real"] / count
    return Score(
        name="duplicates",
        value=share,
        low=low,
        high=high,
        floor=floor,
        ideal=near["real"] / count,
        counts={"fake": count, "real": count},
        words=f"{share:.1%} of the made examples ({low:.1%} to {high:.1%}) have a near copy among the made ones; of "
        f"real ones {floor:.1%} have one among the real.",
        remarks=["The floor is of fewer examples, which lie farther from each other."] if fewer else [],
    )


def _spread(points: Tensor) -> Estimate:
    """Mean distance of two points, and its variance as a U-statistic (Hoeffding, 1948). Shape: (N, F)."""
    count = len(points)
    centred = points - points.mean(0)
    means = torch.cat([torch.cdist(block, centred).double().sum(1) for block in torch.split(centred, _BLOCK)])
    means /= count - 1  # of each point's distance to the others
    return Estimate(float(means.mean()), 4 * float(means.var()) / count)


def _ratio(a: Estimate, b: Estimate) -> Estimate:
    """a / b, and its variance by the delta method."""
    if b.value <= 0:
        raise DataError("All real examples are the same, so that no diversity can be measured by theirs. Give others.")
    value = a.value / b.value
    return Estimate(value, (a.variance + value**2 * b.variance) / b.value**2)


def _percent(value: float, low: float, high: float) -> str:
    return f"{value:.0%} ({low:.0%} to {high:.0%})"
