"""The cheap score that is taken while training: it picks the best checkpoint, and says when more training hurts."""

from __future__ import annotations

from functools import cached_property

import torch

from mintage import registry
from mintage.contracts import Embedder
from mintage.experiment import Experiment
from mintage.sampling import sample
from mintage.statistics.kernels import kernel_distance
from mintage.storage import cache_folder

__all__ = ["SelectionScore"]

_SAMPLES = 1_000
_FEWEST = 10  # real examples to compare with
_STEPS = 100  # of the embedding's learning: a quarter of what a judge takes, for it is time that training lacks


class SelectionScore:
    """Kernel distance of the averaged sampler to the selection part, in the features of the domain embedding.

    The selection part takes no part in the final judgement, so the best of many checkpoints is not judged on what it
    was chosen by. The embedding is learned at the first score, more briefly than a judge's, and kept in the cache.
    """

    name = "kernel_distance"

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment

    @classmethod
    def fits(cls, experiment: Experiment) -> bool:
        """Whether there is something to compare with: held-out images."""
        return len(experiment.data.selection) >= _FEWEST and experiment.data.spec.x.classes is None

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
