"""The cheap scores that are taken while training: they pick the best checkpoint, and say when more training hurts."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import torch

from mintage import registry
from mintage.contracts import Embedder, Evidence, Examples
from mintage.data.view import View
from mintage.experiment import Experiment
from mintage.judging.translated import Translated, translated
from mintage.sampling import sample
from mintage.statistics.kernels import kernel_distance
from mintage.storage import cache_folder

__all__ = ["SelectionScore", "TranslationScore", "score_of"]

_SAMPLES = 1_000
_FEWEST = 10  # real examples to compare with
_STEPS = 100  # of the embedding's learning: a quarter of what a judge takes, for it is time that training lacks

_CONTENT = 0.8  # of the outputs must be nearest to their own input
_TRANSLATED, _TARGETS = 200, 2_000


def score_of(experiment: Experiment) -> SelectionScore | TranslationScore | None:
    """The score for this game, if there are held-out examples enough to compare with."""
    if len(experiment.data.selection) < _FEWEST or experiment.data.spec.x.classes is not None:
        return None
    return TranslationScore(experiment) if experiment.data.translates else SelectionScore(experiment)


class SelectionScore:
    """Kernel distance of the averaged sampler to the selection part, in the features of the domain embedding.

    The selection part takes no part in the final judgement, so the best of many checkpoints is not judged on what it
    was chosen by. The embedding is learned at the first score, more briefly than a judge's, and kept in the cache.
    """

    name = "kernel_distance"
    words = "nearest to the held-out examples"

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment

    def __call__(self) -> float:
        """The distance now; lower is better, 0 is as near as real ones are."""
        experiment, codec = self.experiment, self.experiment.data.codec
        chunks = sample(
            experiment.loop.averager.sampler, _SAMPLES, experiment.recipe.seed, experiment.conditions(_SAMPLES),
            numbers=experiment.numbers, device=experiment.device,
        )  # fmt: skip
        made = torch.stack([codec.encode(codec.decode(one)) for chunk in chunks for one in chunk])
        return kernel_distance(self._embedder(made), self._reals).value

    @cached_property
    def _embedder(self) -> Embedder:
        data = self.experiment.data
        embedding = registry.find("embeddings", "domain").read({"steps": _STEPS})
        return embedding.prepare(data.examples(data.train), cache_folder())  # type: ignore[no-any-return]

    @cached_property
    def _reals(self) -> torch.Tensor:
        data = self.experiment.data
        return self._embedder(data.examples(data.selection).x)


class TranslationScore:
    """How good the translations of the selection part are: the rule by which a checkpoint is chosen.

    Where targets are known: the perceptual distance to them. Where not: the kernel distance to the target's examples,
    raised by one for a checkpoint whose outputs no longer show what their inputs show (content retrieval below 80 %),
    so that a translator which invents loses to any that translates. A few dozen held-out pictures cannot tell two good
    checkpoints apart by that distance; as a translator cannot learn its inputs by heart as a generator of samples can
    its targets, inputs that it learned from are added where few are held out, and all targets are compared with.
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment, self.is_paired = experiment, experiment.data.train.is_aligned
        self.name = "perceptual_distance" if self.is_paired else "kernel_distance"
        self.words = "nearest to the true targets" if self.is_paired else "nearest to the target's pictures"
        self._shared: dict[str, Any] = {}

    def __call__(self) -> float:
        """The score now; lower is better."""
        data = self.experiment.data
        made = self._translated(data.selection, _TRANSLATED)
        if not self.is_paired and (few := _TRANSLATED - len(made.fake)) > 0:
            made = made.and_also(self._translated(data.train, few))
        evidence = Evidence(
            fake=made.fake, real=self._real, control=self._real, train=self._train, embedder=self._embedder,
            inputs=made.inputs, truth=made.truth,
        )  # fmt: skip
        evidence._once.update({key: value for key, value in self._shared.items() if key != "points/fake"})
        value = self._measured(self.name, evidence)
        if not self.is_paired:
            content = self._measured("content_kept", evidence)
            lost = content < _CONTENT
            value += lost
            self.words = (
                f"{'' if lost else 'nearest to the target among those whose outputs keep what their inputs show'}"
                f"{'no checkpoint kept it better' if lost else ''} ({content:.0%} of outputs found)"
            )
        self._shared.update(evidence._once)
        return value

    def _translated(self, view: View, count: int) -> Translated:
        experiment = self.experiment
        return translated(
            experiment.loop.averager.sampler, view, count, numbers=experiment.numbers, device=experiment.device
        )

    def _measured(self, metric: str, evidence: Evidence) -> float:
        return registry.find("metrics", metric)().measure(evidence).scores[0].value  # type: ignore[no-any-return]

    @cached_property
    def _embedder(self) -> Embedder:
        embedding = registry.find("embeddings", "domain").read({"steps": _STEPS})
        return embedding.prepare(self._train, cache_folder())  # type: ignore[no-any-return]

    @cached_property
    def _train(self) -> Examples:
        return self.experiment.data.examples(self.experiment.data.train)

    @cached_property
    def _real(self) -> Examples:
        held = self.experiment.data.examples(self.experiment.data.selection)
        return held if self.is_paired else Examples(torch.cat([held.x, self._train.x])[:_TARGETS])
