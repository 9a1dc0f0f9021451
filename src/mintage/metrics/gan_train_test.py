"""GAN-train and GAN-test: what a classifier learns from made examples, and what one of real examples says to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field
from torch import Tensor

from mintage.classifier import Classifier, class_names, expert
from mintage.config import Settings
from mintage.contracts import Evidence, Examples, Findings, Makes, Score
from mintage.statistics.intervals import binomial

__all__ = ["GanTrainTest"]

_FEWEST = 40


class GanTrainTest(Settings):
    """GAN-train and GAN-test (Shmelkov et al., 2018; the former is Ravuri and Vinyals' CAS, 2019).

    `gan_train`: a classifier learns from made examples and the classes they were asked to be, and is tested on the real
    ones of the reference. It falls where examples look wrong, miss their class, or lack variety. Its floor learned from
    as many real ones of the control. `gan_test`: a classifier learns from real examples and names the class of made
    ones; missing variety is nothing to it. Its floor is its accuracy on the reference.

    Neither needs a foreign network. A made class that is easier than the real one can put `gan_test` above its floor.
    """

    reads: ClassVar[tuple[Makes, ...]] = ("pictures",)

    steps: int = Field(300, ge=1)
    """Steps of 128 images that the classifiers of `gan_train` learn for."""

    def lacks(self, evidence: Evidence) -> str:
        """Classes of the made, the reference and the training examples, and some of each to learn from."""
        parts = {"made": evidence.fake, "reference": evidence.real, "training": evidence.train}
        for name, examples in parts.items():
            if examples.labels is None:
                return f"the {name} examples have no classes"
            if len(examples) < _FEWEST:
                return f"only {len(examples)} {name} examples; to learn from them or to be tested takes {_FEWEST}"
        return "all examples are of one class" if len(class_names(evidence)) < 2 else ""

    def measure(self, evidence: Evidence) -> Findings:
        """The scores gan_train and gan_test."""
        made, real = evidence.fake, evidence.real
        judge = expert(evidence)
        floor, remarks = self._floor(evidence)
        guess = f"guessing would be right in {1 / len(class_names(evidence)):.0%}"
        learned = f"A classifier that learned from made examples alone names the class of real ones; {guess}"
        found = f"A classifier of real examples finds made ones to be of the class that was asked for; {guess}"
        return Findings(
            [
                _score("gan_train", _right(self._fit(made, evidence), real), floor, learned, remarks),
                _score("gan_test", _right(judge, made), _share(_right(judge, real)), found),
            ]
        )

    def _floor(self, evidence: Evidence) -> tuple[float | None, list[str]]:
        """What a classifier reaches that learned from as many real examples, and how many fewer they were."""
        control = evidence.control.rows(slice(len(evidence.fake)))
        if control.labels is None or len(control) < _FEWEST:
            return None, ["no floor of gan_train: too few control examples, or none with classes"]
        fewer = len(control) < len(evidence.fake)
        remarks = [f"the floor learned from {len(control)} real examples, fewer than were made"] if fewer else []
        return _share(_right(self._fit(control, evidence), evidence.real)), remarks

    def _fit(self, examples: Examples, evidence: Evidence) -> Classifier:
        assert examples.labels is not None
        num_classes = len(class_names(evidence))
        return Classifier.fit(examples.x, examples.labels, num_classes, steps=self.steps, seed=evidence.seed)


def _right(classifier: Classifier, examples: Examples) -> Tensor:
    """Which examples a classifier puts into their class. Shape: (N,) bool."""
    assert examples.labels is not None
    return classifier.logits(examples.x).argmax(1) == examples.labels


def _share(right: Tensor) -> float:
    return float(right.double().mean())


def _score(name: str, right: Tensor, floor: float | None, words: str, remarks: Sequence[str] = ()) -> Score:
    low, high = binomial(int(right.sum()), len(right))
    was = f"right in {_share(right):.1%} of {len(right)} ({low:.1%} to {high:.1%})"
    beside = "" if floor is None else f", beside {floor:.1%} for real ones"
    return Score(
        name=name,
        value=_share(right),
        low=low,
        high=high,
        floor=floor,
        counts={"tested on": len(right)},
        words=words.replace("; ", f": {was}{beside}; ") + ".",
        remarks=remarks,
    )
