"""The cheap scores that are taken while training: they pick the best checkpoint, and say when more training hurts."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any, cast

import numpy as np
import torch

from mintage import registry
from mintage.contracts import Embedder, Evidence, Examples
from mintage.corpus import Corpus
from mintage.data.view import Rows, View
from mintage.experiment import Experiment
from mintage.games.any_order import mean_nats
from mintage.judging.likelihood import token_nats
from mintage.judging.translated import Translated, translated
from mintage.layers.known import until
from mintage.layers.perceptual import PerceptualDistance
from mintage.opening import MOST_SELECTION
from mintage.sampling import ForecastSampler, sample
from mintage.seeding import generator
from mintage.series_data import SeriesData
from mintage.statistics.kernels import kernel_distance
from mintage.statistics.perception import eyes_for
from mintage.storage import cache_folder
from mintage.training.saver import CheckpointScore

__all__ = [
    "FidelityScore",
    "LikelihoodScore",
    "ManifoldScore",
    "PathScore",
    "RecordLikelihood",
    "SelectionScore",
    "StepScore",
    "score_of",
]

_SAMPLES = 1_000
_FEWEST = 10  # real examples to compare with
_STEPS = 100  # of the embedding's learning: a quarter of what a judge takes, for it is time that training lacks

_FORETOLD = 50_000  # tokens of the selection part
_WINDOWS = 256  # of series
_PATHS, _ORIGINS, _AHEAD = 50, 24, 20  # of a forecaster without a likelihood
_CONTENT = 0.8  # of the outputs must be nearest to their own input
_TRANSLATED, _TARGETS = 200, 2_000


def score_of(experiment: Experiment) -> CheckpointScore | None:
    """The score for this game, if there are held-out examples enough to compare with."""
    if isinstance(experiment.data, Corpus):
        return LikelihoodScore(experiment, experiment.data) if len(experiment.data.selection) else None
    if isinstance(experiment.data, SeriesData):
        return _of_series(experiment, experiment.data)
    if len(experiment.data.selection) < _FEWEST:
        return None
    if experiment.data.makes == "records":
        return RecordLikelihood(experiment) if "network" in experiment.game.players else None
    if not experiment.data.translates:
        return SelectionScore(experiment)
    return FidelityScore(experiment) if experiment.pictures.train.is_aligned else ManifoldScore(experiment)


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
        experiment, codec = self.experiment, self.experiment.pictures.codec
        chunks = sample(
            experiment.loop.averager.sampler, _SAMPLES, experiment.recipe.seed, experiment.conditions(_SAMPLES),
            numbers=experiment.numbers, device=experiment.device,
        )  # fmt: skip
        made = torch.stack([codec.encode(codec.decode(one)) for chunk in chunks for one in chunk])
        return kernel_distance(self._embedder(made), self._reals).value

    @cached_property
    def _embedder(self) -> Embedder:
        data = self.experiment.pictures
        embedding = registry.find("embeddings", "domain").read({"steps": _STEPS})
        return embedding.prepare(data.examples(data.train), cache_folder())  # type: ignore[no-any-return]

    @cached_property
    def _reals(self) -> torch.Tensor:
        data = self.experiment.pictures
        return self._embedder(data.examples(data.selection).x)


class FidelityScore:
    """How near the translations of the selection part come to their targets: what picks a checkpoint of pairs.

    In the features of a network that sees as people do. Where pixels alone are paid for, as a restorer does without a
    discriminator, they decide: that takes no network, and it is what was asked for.
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.is_plain = "discriminator" not in experiment.game.players
        self.name = "pixel_error" if self.is_plain else "perceptual_distance"
        self.words = f"nearest to the true targets{' pixel by pixel' if self.is_plain else ''}"

    def __call__(self) -> float:
        """The distance now, in features, or in levels of 255 on average; lower is better."""
        made = _translated(self.experiment, self.experiment.pictures.selection)
        assert made.truth is not None
        if self.is_plain:
            return float((made.fake.x.float() - made.truth.x.float()).abs().mean())
        return float(self._eyes.of_pictures(made.fake.x, made.truth.x).mean())

    @cached_property
    def _eyes(self) -> PerceptualDistance:
        data = self.experiment.pictures
        return eyes_for(data.examples(data.selection), data.examples(data.train))


class ManifoldScore:
    """How near translations come to the target's examples, as long as they keep their content: for unpaired sides.

    The kernel distance in the features of the domain embedding, raised by one for a checkpoint whose outputs no longer
    show what their inputs show (content retrieval below 80 %), so that a translator which invents loses to any that
    translates. A few dozen held-out pictures cannot tell two good checkpoints apart by that distance; as a translator
    cannot learn its inputs by heart as a generator of samples can its targets, inputs that it learned from are added
    where few are held out, and all targets are compared with.
    """

    name = "kernel_distance"

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.words = "nearest to the target's pictures"
        self._shared: dict[str, Any] = {}

    def __call__(self) -> float:
        """The score now; lower is better."""
        data = self.experiment.pictures
        made = _translated(self.experiment, data.selection)
        if (few := _TRANSLATED - len(made.fake)) > 0:
            made = made.and_also(_translated(self.experiment, data.train, few))
        evidence = Evidence(
            fake=made.fake, real=self._targets, control=self._targets, train=self._train, embedder=self._embedder,
            inputs=made.inputs,
        )  # fmt: skip
        evidence._once.update({key: value for key, value in self._shared.items() if key != "points/fake"})
        distance, content = (self._measured(metric, evidence) for metric in (self.name, "content_kept"))
        self._shared.update(evidence._once)
        if content < _CONTENT:
            self.words = f"no checkpoint kept more of its content ({content:.0%} of outputs found)"
            return distance + 1
        kept = "nearest to the target among those whose outputs keep what their inputs show"
        self.words = f"{kept} ({content:.0%} of outputs found)"
        return distance

    def _measured(self, metric: str, evidence: Evidence) -> float:
        return registry.find("metrics", metric)().measure(evidence).scores[0].value  # type: ignore[no-any-return]

    @cached_property
    def _embedder(self) -> Embedder:
        embedding = registry.find("embeddings", "domain").read({"steps": _STEPS})
        return embedding.prepare(self._train, cache_folder())  # type: ignore[no-any-return]

    @cached_property
    def _train(self) -> Examples:
        return self.experiment.pictures.examples(self.experiment.pictures.train)

    @cached_property
    def _targets(self) -> Examples:
        held = self.experiment.pictures.examples(self.experiment.pictures.selection)
        return Examples(torch.cat([held.x, self._train.x])[:_TARGETS])


class LikelihoodScore:
    """Nats that each token of the selection part costs the averaged writer: what it did not learn, foretold."""

    name = "nats"
    words = "least surprised by held-out text"

    def __init__(self, experiment: Experiment, corpus: Corpus) -> None:
        self.experiment, self.corpus = experiment, corpus

    def __call__(self) -> float:
        """The nats now; lower is better."""
        writer = self.experiment.loop.averager.sampler.writer  # type: ignore[attr-defined]
        view = self.corpus.selection
        return token_nats(writer, view, stride=view.context, most=_FORETOLD).mean


class RecordLikelihood:
    """Nats that a record of the selection part costs the averaged network, over the same few orders of columns."""

    name = "nats"
    words = "least surprised by held-out records"

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment

    def __call__(self) -> float:
        """The nats now; lower is better."""
        network, view = self.experiment.loop.averager.sampler.network, self.experiment.pictures.selection  # type: ignore[attr-defined]
        codes = view.batch(0, min(MOST_SELECTION, len(view))).x.to(self.experiment.device)
        was_learning = network.training
        nats = mean_nats(network.eval(), codes, "selection")
        network.train(was_learning)
        return float(nats)


class StepScore:
    """Nats that each step of the selection part costs the averaged forecaster."""

    name = "nats"
    words = "least surprised by held-out steps"

    def __init__(self, experiment: Experiment, data: SeriesData) -> None:
        self.experiment, self.data = experiment, data

    @torch.inference_mode()
    def __call__(self) -> float:
        """The nats now; lower is better."""
        sampler, view = self.experiment.loop.averager.sampler, self.data.selection
        batches = self.data.batches(view, _WINDOWS)
        here = (self.experiment.on_device(batch) for batch in batches)
        nats = [-sampler.log_density(batch) for batch in here]  # type: ignore[attr-defined]
        return float(torch.cat(nats).mean())


class PathScore:
    """What paths lose that go on from within the selection part: the score of a forecaster without a likelihood.

    The continuous ranked probability score of how far each variable has moved, in spreads of a step times the root of
    how many there were, so that all steps ahead count alike.
    """

    name = "crps"
    words = "foretells held-out steps best"

    def __init__(self, experiment: Experiment, data: SeriesData) -> None:
        self.experiment, self.data = experiment, data

    @torch.inference_mode()
    def __call__(self) -> float:
        """The loss now; lower is better."""
        sampler = cast(ForecastSampler, self.experiment.loop.averager.sampler)
        histories, came = self._windows
        steps = came.shape[1]
        rng = generator(self.experiment.recipe.seed, "selection")
        root = torch.arange(1, steps + 1).sqrt()[:, None]
        lost = []
        for history, truth in zip(histories[:, None], came, strict=True):
            noise = sampler.path_noise(_PATHS, steps, rng)
            made = sampler(noise.to(self.experiment.device), history.to(self.experiment.device)).cpu().cumsum(1) / root
            off = (made - truth.cumsum(0) / root).abs().mean(0)
            apart = (made[:, None] - made[None]).abs().sum((0, 1)) / (_PATHS * (_PATHS - 1))
            lost.append((off - 0.5 * apart).mean())
        return float(torch.stack(lost).mean())

    @cached_property
    def _windows(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Histories of half a window with what is known beside them, and what came."""
        view = self.data.selection
        steps = max(min(_AHEAD, view.context // 4), 1)
        shorter = replace(view, context=view.context // 2 + steps)
        apart = max(steps, -(-len(shorter.firsts) // _ORIGINS))
        x, known = shorter.gather(Rows(np.arange(0, len(shorter.firsts), apart)))
        return until(x, known, steps), x[:, -steps:]


def _of_series(experiment: Experiment, data: SeriesData) -> CheckpointScore | None:
    if not len(data.selection):
        return None
    is_likely = hasattr(experiment.loop.averager.sampler, "log_density")
    return StepScore(experiment, data) if is_likely else PathScore(experiment, data)


def _translated(experiment: Experiment, view: View, count: int = _TRANSLATED) -> Translated:
    return translated(
        experiment.loop.averager.sampler, view, count, numbers=experiment.numbers, device=experiment.device
    )
