"""Class histogram: whether every class is made as often as it occurs."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from mintage.classifier import class_names, expert
from mintage.config import Settings
from mintage.contracts import Evidence, Examples, Findings, Makes, Score
from mintage.statistics.intervals import Interval, binomial, chi_square_tail, normal

__all__ = ["ClassHistogram"]

_MOST_NAMED = 20  # classes that get a score of their own
_ALPHA = 0.05


class ClassHistogram(Settings):
    """Total variation distance between the class shares of made and of real examples (Richardson and Weiss, 2018).

    0: every class is made as often as it occurs; 0.3: three in ten made examples would have to be of another class. A
    classifier that learned from the training examples sorts the made ones and, alike, the reference, so that its own
    leanings cancel; classes that were asked for are not looked at. Up to 20 classes have a score each, its share among
    the made ones. Chance alone keeps the distance above 0: its floor is that of the control, and a chi-square test says
    whether chance explains it.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("pictures",)

    def lacks(self, evidence: Evidence) -> str:
        """Classes of the training examples, two or more."""
        if evidence.train.labels is None or len(evidence.train) < 2:
            return "the training examples have no classes"
        return "all examples are of one class" if len(class_names(evidence)) < 2 else ""

    def measure(self, evidence: Evidence) -> Findings:
        """class_histogram, and class_share/NAME of each class."""
        names = class_names(evidence)
        made, real = _sort(evidence, evidence.fake), _sort(evidence, evidence.real)
        control = _sort(evidence, evidence.control) if len(evidence.control) else None
        scores = [_distance_score(made, real, control, names)]
        if len(names) <= _MOST_NAMED:
            scores += [_share_score(place, name, made, real, control) for place, name in enumerate(names)]
        return Findings(scores)


def _sort(evidence: Evidence, examples: Examples) -> Tensor:
    """How many examples are of each class, by the classifier. Shape: -> (K,) float64."""
    found = expert(evidence).logits(examples.x).argmax(1)
    return torch.bincount(found, minlength=len(class_names(evidence))).double()


def _distance_score(made: Tensor, real: Tensor, control: Tensor | None, names: list[str]) -> Score:
    value, chance = _distance(made, real), _chance(made, real)
    low, high = _interval(made, real, chance)
    gaps = made / made.sum() - real / real.sum()
    most, least = int(gaps.argmax()), int(gaps.argmin())
    words = f"For classes as frequent as the real ones, {value:.1%} of the made examples would have to be of another"
    if chance < _ALPHA:
        words += f"; most of all there are too many of {names[most]} and too few of {names[least]}."
    else:
        words += "; chance alone explains that."
    return Score(
        name="class_histogram",
        value=value,
        low=low,
        high=high,
        floor=None if control is None else _distance(control, real),
        ideal=0.0,
        counts={"fake": int(made.sum()), "real": int(real.sum())},
        words=words,
        remarks=[f"chi-square test of equal shares: p = {chance:.2g}"],
    )


def _share_score(place: int, name: str, made: Tensor, real: Tensor, control: Tensor | None) -> Score:
    of_made, of_real = int(made[place]), float(real[place] / real.sum())
    low, high = binomial(of_made, int(made.sum()))
    value = of_made / int(made.sum())
    return Score(
        name=f"class_share/{name}",
        value=value,
        low=low,
        high=high,
        floor=None if control is None else float(control[place] / control.sum()),
        ideal=of_real,
        counts={"fake": int(made.sum()), "real": int(real.sum())},
        words=f"{value:.1%} of made examples are of {name} ({low:.1%} to {high:.1%}), and {of_real:.1%} of real ones.",
    )


def _distance(a: Tensor, b: Tensor) -> float:
    """Shape: counts (K,), (K,) -> in 0..1."""
    return 0.5 * float((a / a.sum() - b / b.sum()).abs().sum())


def _interval(a: Tensor, b: Tensor, chance: float) -> Interval:
    """By the delta method; the low end without what chance adds to absolute values, and 0 where shares may be equal."""
    p, q = a / a.sum(), b / b.sum()
    gaps = p - q
    widths = (p * (1 - p) / a.sum() + q * (1 - q) / b.sum()).sqrt().clamp_min(1e-12)
    z = gaps.abs() / widths
    pull = widths * ((2 / torch.pi) ** 0.5 * (-z.square() / 2).exp() - z * torch.special.erfc(z / 2**0.5))
    signs = gaps.sign()
    spread = [(share @ signs.square() - (share @ signs).square()) / n for share, n in ((p, a.sum()), (q, b.sum()))]
    value, variance = 0.5 * float(gaps.abs().sum()), 0.25 * float(sum(spread))
    low = 0.0 if chance >= _ALPHA else max(normal(value - 0.5 * float(pull.sum()), variance).low, 0.0)
    return Interval(low, min(normal(value, variance).high, 1.0))


def _chance(a: Tensor, b: Tensor) -> float:
    """How often equal shares would differ at least so much: Pearson's chi-square test of homogeneity."""
    seen = a + b > 0
    a, b = a[seen], b[seen]
    if len(a) < 2:
        return 1.0
    together = (a + b) / (a.sum() + b.sum())
    statistic = sum(((part - part.sum() * together).square() / (part.sum() * together)).sum() for part in (a, b))
    return chi_square_tail(float(statistic), len(a) - 1)
