"""Mode counting with a classifier, on labelled images and on stacked ones."""

from __future__ import annotations

import torch
from torch import Tensor

from mintage.classifier import Classifier
from mintage.contracts import Evidence, Examples
from mintage.metrics.modes import Modes
from mintage.seeding import generator
from mintage.statistics.modes import hits, reverse_kl


class Pixels:
    identity, dim = "pixels", 64

    def __call__(self, x: Tensor) -> Tensor:
        return x.flatten(1).float()


def bars(labels: Tensor, seed: int) -> Examples:
    """Images of 8 x 8, with a bar in the row of their class."""
    x = torch.randint(0, 60, (len(labels), 8, 8, 1), generator=generator(seed, "bars"))
    x[torch.arange(len(labels)), labels * 2] += 150
    return Examples(x.byte(), labels)


def test_half_the_classes_dropped_are_missed() -> None:
    labels = torch.arange(400) % 4
    real, control, train = (bars(labels, seed) for seed in (1, 2, 3))
    evidence = Evidence(fake=bars(labels % 2, 4), real=real, control=control, train=train, embedder=Pixels())
    evidence.once("expert", lambda: Classifier.fit(train.x, labels, 4, steps=60))
    assert not Modes().lacks(evidence)
    modes, divergence = Modes().measure(evidence).scores
    assert (modes.value, modes.floor, modes.ideal) == (2, 4, 4)
    assert divergence.low <= 0.6931 <= divergence.high
    assert divergence.floor < 0.05


def test_without_labels_there_is_nothing_to_count() -> None:
    real = Examples(bars(torch.zeros(4, dtype=torch.int64), 0).x)
    assert "no classes" in Modes().lacks(Evidence(fake=real, real=real, control=real, train=real, embedder=Pixels()))


def test_three_stacked_images_are_one_of_a_thousand_modes() -> None:
    digits = torch.randint(0, 10, (26_000, 3), generator=generator(0, "digits"))
    x = digits[:, None, None].byte()  # images of one pixel whose value is their class

    def classify(images: Tensor) -> Tensor:
        return torch.nn.functional.one_hot(images.flatten(1)[:, 0].long(), 10).float()

    modes = Modes.stacked(x, classify)
    assert torch.equal(modes, digits @ torch.tensor([100, 10, 1]))
    counts = modes.bincount(minlength=1000)
    assert hits(counts) == 1000
    assert reverse_kl(counts, torch.full((1000,), 26)).value < 0.03  # chance alone: about 1000 / (2 * 26000)
    assert hits(Modes.stacked(x[digits[:, 0] > 4], classify).bincount(minlength=1000)) == 500
