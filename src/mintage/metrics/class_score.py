"""Class score: an Inception score under a classifier of the user's own classes, for history's sake."""

from __future__ import annotations

import math
from typing import ClassVar

from torch import Tensor

from mintage.classifier import class_names, expert
from mintage.config import Settings
from mintage.contracts import Evidence, Examples, Findings, Makes, Score
from mintage.statistics.intervals import normal

__all__ = ["ClassScore"]


class ClassScore(Settings):
    r"""Inception score (Salimans et al., 2016) with a classifier of the user's own classes in the place of Inception.

    $\exp E_x\,\mathrm{KL}(p(y \mid x)\,\|\,p(y))$: from 1, where the classes of all examples are alike, to the number
    of classes, where each is certain and all are equally many. It is kept for comparison with older work only: it sees
    neither missing variety within a class nor copying, it rewards examples that are more typical than real ones, and
    it is no Inception score. Not split into parts, so that it does not depend on their number. Its floor is the
    reference's own score, for the classifier has learned from the control.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("pictures",)

    def lacks(self, evidence: Evidence) -> str:
        """Classes of the training examples, two or more."""
        if evidence.train.labels is None or len(evidence.train) < 2:
            return "the training examples have no classes"
        return "all examples are of one class" if len(class_names(evidence)) < 2 else ""

    def measure(self, evidence: Evidence) -> Findings:
        """The score class_score."""
        divergences = _divergences(evidence, evidence.fake)
        real = math.exp(float(_divergences(evidence, evidence.real).mean()))
        mean = float(divergences.mean())
        low, high = normal(mean, float(divergences.var()) / len(divergences))
        value, most = math.exp(mean), len(class_names(evidence))
        words = (
            f"Classes are clear and come evenly to a degree of {value:.2f}, on a scale from 1 to {most}; real examples "
            f"reach {real:.2f}. Kept for history: it sees neither copies nor sameness within a class."
        )
        score = Score(
            name="class_score",
            value=value,
            low=math.exp(low),
            high=math.exp(high),
            floor=real,
            counts={"fake": len(evidence.fake), "real": len(evidence.real)},
            words=words,
        )
        return Findings([score])


def _divergences(evidence: Evidence, examples: Examples) -> Tensor:
    """KL(p(y | x) || p(y)) of every example: also the influence of each on the mean, that of p(y) being zero. (N,)."""
    logs = expert(evidence).logits(examples.x).double().log_softmax(1)
    return (logs.exp() * (logs - logs.exp().mean(0).log())).sum(1)
