"""Recognition rate: how often someone who studied both can tell a made example from a real one."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from mintage.classifier import Classifier
from mintage.config import Settings
from mintage.contracts import Evidence, Findings, Makes, Score
from mintage.seeding import generator
from mintage.statistics.intervals import binomial

__all__ = ["RecognitionRate"]

_FEWEST = 40  # of each kind: twenty to learn from and twenty to be tested on


class _Sides(NamedTuple):
    """Something about real and about other examples, cut into what is learned from and what is tested on."""

    learn: Tensor  # (N, ...), the real half of it first
    test: Tensor  # (M, ...), the real half of it first


class RecognitionRate(Settings):
    """Share of right answers to "real or made?" on examples that the judge never saw (Lopez-Paz and Oquab, 2017).

    Three judges, from strict to mild. A fresh convolutional classifier sees the pixels; against most generators it wins
    almost always, so that only the best ones show on it. A logistic regression on the features of the embedding is
    graded where the first is at its end; passages of text are shown to this one alone. The run's own discriminator,
    where there is one, tells how much of what it learned holds for real examples that it never saw. The floor of each
    is the same judge, trained afresh, between the real examples of the reference and of the control: away from 0.5,
    the two parts of the real data differ.

    Real and made are equally many, half of each to learn from; the interval is exact for the judge that was trained.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("pictures", "text")

    steps: int = Field(200, ge=1)
    """Steps of 128 images that the classifier learns for."""

    def lacks(self, evidence: Evidence) -> str:
        """Two parts of each kind, one to learn from and one to be tested on, each of twenty or more."""
        fewest = min(len(evidence.fake), len(evidence.real))
        if fewest >= _FEWEST:
            return ""
        return (
            f"only {fewest} examples of a kind: a judge learns from one half and is tested on the other, which needs "
            f"{_FEWEST} made and {_FEWEST} real ones"
        )

    def measure(self, evidence: Evidence) -> Findings:
        """recognition_rate of pictures, probe_rate, and discriminator_rate where the run has a discriminator."""
        seed = evidence.seed
        pixels = {part: getattr(evidence, part).x for part in ("fake", "real", "control")}
        points = {part: evidence.points(part) for part in pixels}
        judges: list[tuple[str, str, dict[str, Tensor], Callable[[_Sides], Tensor]]] = [
            ("recognition_rate", "A fresh classifier", pixels, lambda x: _by_classifier(x, self.steps, seed)),
            ("probe_rate", "A simple rule on features", points, _by_probe),
        ]
        if evidence.texts is not None:
            del judges[0]
        if evidence.logits is not None:
            answers = {part: evidence.logits(getattr(evidence, part)) for part in pixels}
            judges.append(("discriminator_rate", "The run's own discriminator", answers, _by_threshold))
        return Findings([_score(name, who, of, judge, seed) for name, who, of, judge in judges])


def _score(name: str, who: str, of: dict[str, Tensor], judge: Callable[[_Sides], Tensor], seed: int) -> Score:
    right = judge(_halves(of["real"], of["fake"], seed))
    trials, value = len(right), float(right.double().mean())
    low, high = binomial(int(right.sum()), trials)
    floor, remarks = None, []
    if len(of["control"]) >= _FEWEST:
        floor = float(judge(_halves(of["real"], of["control"], seed)).double().mean())
        if len(of["control"]) < min(len(of["real"]), len(of["fake"])):
            remarks.append(
                f"the floor is of only {len(of['control'])} control examples, so its judge learned from fewer"
            )
    else:
        remarks.append(f"no floor: {len(of['control'])} control examples are too few to learn from half of them")
    words = (
        f"{who} tells real from made in {value:.0%} of cases ({low:.0%} to {high:.0%}); 50% would be indistinguishable."
    )
    counts = {"learned from": 2 * (min(len(of["real"]), len(of["fake"])) // 2), "tested on": trials}
    return Score(
        name=name, value=value, low=low, high=high, floor=floor, ideal=0.5, counts=counts, words=words, remarks=remarks
    )  # fmt: skip


def _halves(real: Tensor, other: Tensor, seed: int) -> _Sides:
    """Equally many of both, in a drawn order, half of each kind on either side."""
    count = min(len(real), len(other))
    half = count // 2
    a, b = (
        kind[torch.randperm(len(kind), generator=generator(seed, "recognition", place))[:count]]
        for place, kind in enumerate((real, other))
    )
    return _Sides(torch.cat([a[:half], b[:half]]), torch.cat([a[half:], b[half:]]))


def _is_real(x: Tensor) -> Tensor:
    return torch.arange(len(x)) < len(x) // 2


def _by_classifier(images: _Sides, steps: int, seed: int) -> Tensor:
    judge = Classifier.fit(images.learn, _is_real(images.learn).long(), 2, steps=steps, seed=seed)
    return judge.logits(images.test).argmax(1).bool() == _is_real(images.test)


def _by_probe(points: _Sides) -> Tensor:
    """Logistic regression with a ridge on standardised features, to its optimum."""
    mean, width = points.learn.mean(0), points.learn.std(0)
    x, test = ((part - mean) / width.where(width > 0, 1.0) for part in points)
    y = _is_real(x).float()
    weights = torch.zeros(x.shape[1], requires_grad=True)  # equally many of both, around their mean: no offset needed
    optimizer = torch.optim.LBFGS([weights], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = F.binary_cross_entropy_with_logits(x @ weights, y) + weights.square().sum() / (2 * len(x))
        value.backward()  # type: ignore[no-untyped-call]
        return value

    with torch.enable_grad():
        optimizer.step(loss)  # type: ignore[no-untyped-call]
    return (test @ weights.detach() > 0) == _is_real(test)


def _by_threshold(answers: _Sides) -> Tensor:
    """Real above, made below the threshold that is right most often on the half to learn from."""
    order = answers.learn.argsort(stable=True)
    made = ~_is_real(answers.learn)[order]
    right = torch.cat([torch.zeros(1), torch.where(made, 1.0, -1.0).cumsum(0)])  # gained by calling the first k made
    sorted_answers = answers.learn[order]
    ends = torch.cat([torch.tensor([-torch.inf]), sorted_answers, torch.tensor([torch.inf])])
    middles = (ends[:-1] + ends[1:]) / 2
    separable = ends[:-1] < ends[1:]
    threshold = middles[right.where(separable, -torch.inf).argmax()]
    return (answers.test > threshold) == _is_real(answers.test)
