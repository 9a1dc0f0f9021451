"""Planted copies are found in whatever guise, and nothing is where there are none."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor

from mintage.contracts import Evidence, Examples, Findings, Score
from mintage.metrics.memorisation import Memorisation
from mintage.seeding import generator
from mintage.sources.fashion_mnist import FashionMNIST


class Pixels:
    identity, dim = "pixels", 49

    def __call__(self, x: Tensor) -> Tensor:
        return torch.nn.functional.avg_pool2d(x.permute(0, 3, 1, 2).float(), 4).flatten(1)


@cache
def clothes() -> Tensor:
    source = FashionMNIST()
    return torch.from_numpy(np.stack([source[place].x for place in range(6000)]))[..., None]


def parts() -> tuple[Tensor, Tensor, Tensor]:
    """Training images, unseen ones, and others that stand in for those of a generator that copies nothing."""
    return clothes()[:2000], clothes()[2000:3000], clothes()[3000:4000].clone()


def judge(fake: Tensor, train: Tensor, real: Tensor, *, known: bool = True) -> tuple[dict[str, Score], Findings]:
    evidence = Evidence(
        fake=Examples(fake),
        real=Examples(real),
        control=Examples(train[: len(fake)]),
        train=Examples(train),
        embedder=Pixels(),
        train_is_known=known,
    )
    assert not Memorisation().lacks(evidence)
    findings = Memorisation().measure(evidence)
    return {score.name: score for score in findings.scores}, findings


def with_noise(x: Tensor) -> Tensor:
    return (x + 10 * torch.randn(x.shape, generator=generator(0, "noise"))).round().clamp(0, 255).byte()


DISGUISES: dict[str, Callable[[Tensor], Tensor]] = {
    "exact": lambda x: x,
    "mirrored": lambda x: x.flip(2),
    "shifted": lambda x: x.roll((2, -1), (1, 2)),
    "with noise": with_noise,
    "darker": lambda x: (x * 0.95).round().byte(),
    "all of it": lambda x: with_noise((x.flip(2).roll((-1, 2), (1, 2)) * 0.95).byte()),
}


def test_no_copies_no_alarm() -> None:
    train, real, fake = parts()
    scores, findings = judge(fake, train, real)
    copies = scores["copies"]
    assert 0.002 < copies.value < 0.025
    assert copies.low <= copies.floor <= copies.high
    assert "no sign of copying" in copies.words
    assert "% of unseen real images" in copies.remarks[-1]
    assert scores["authenticity"].value == pytest.approx(scores["authenticity"].floor, abs=0.05)
    assert scores["copying_test"].low < 0 < scores["copying_test"].high
    assert len(findings.pairs) == 25


@pytest.mark.parametrize("disguise", [*DISGUISES][1:])
def test_copies_are_found_in_every_guise(disguise: str) -> None:
    train, real, fake = parts()
    planted = torch.randperm(len(train), generator=generator(0, "planted"))[:50]  # one in twenty
    fake[:50] = DISGUISES[disguise](train[planted])
    scores, findings = judge(fake, train, real)
    assert scores["copies"].low > scores["copies"].floor
    assert "some are copies" in scores["copies"].words
    closest = {pair.fake: pair for pair in findings.pairs}
    assert sum(row < 50 for row in closest) > 20
    assert all(pair.train == planted[row] and pair.closeness < 1 for row, pair in closest.items() if row < 50)
    if disguise == "mirrored":
        assert sum("mirror" in pair.words for pair in findings.pairs) > 20


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("disguise", DISGUISES)
def test_planted_shares_are_found(disguise: str, share: float) -> None:
    train, real, _ = parts()
    fake = clothes()[3000:].clone()  # three times as many: one in a hundred has to stand out from chance
    count = int(share * len(fake))
    fake[:count] = DISGUISES[disguise](train[:count])
    score = judge(fake, train, real)[0]["copies"]
    assert score.low > score.floor
    assert score.value == pytest.approx(share + (1 - share) * score.floor, abs=0.02)


def test_a_copied_training_set_fires_everything() -> None:
    train, real, _ = parts()
    scores, _ = judge(train[:1000], train, real)
    assert scores["copies"].value > 0.99
    assert scores["copies_in_features"].value > 0.99
    assert scores["authenticity"].value < 0.01
    assert scores["copying_test"].high < -10


def test_real_images_stand_for_unknown_training_images_without_being_copies_of_themselves() -> None:
    _, real, fake = parts()
    control = clothes()[:1000]
    evidence = Evidence(
        fake=Examples(fake),
        real=Examples(real),
        control=Examples(control),
        train=Examples(torch.cat([real, control])),
        embedder=Pixels(),
        train_is_known=False,
    )
    scores = {score.name: score for score in Memorisation().measure(evidence).scores}
    assert scores["copies"].floor < 0.03
    assert "no sign of copying" in scores["copies"].words
    assert any("not known" in remark for remark in scores["copies"].remarks)
    assert abs(scores["copying_test"].value) < 4


def test_only_as_many_training_images_as_set_are_searched_and_that_is_said() -> None:
    train, real, fake = parts()
    evidence = Evidence(
        fake=Examples(fake[:200]),
        real=Examples(real[:200]),
        control=Examples(train[:0]),
        train=Examples(train),
        embedder=Pixels(),
    )
    scores = Memorisation(most_train=500).measure(evidence).scores
    assert all(any("first 500" in remark for remark in score.remarks) for score in scores)
    assert scores[-1].floor is None


def test_colour_and_oblong_images_are_compared_too() -> None:
    x = torch.randint(0, 256, (240, 40, 24, 3), generator=generator(0, "colour")).byte()
    x = torch.nn.functional.avg_pool2d(x.permute(0, 3, 1, 2).float(), 5, 1, 2).permute(0, 2, 3, 1).byte()
    fake = x[200:].clone()
    fake[:10] = x[:10].flip(2)
    _, findings = judge(fake, x[:100], x[100:200])
    assert {pair.fake for pair in findings.pairs[:10]} == set(range(10))


def test_few_images_are_refused() -> None:
    few = Examples(clothes()[:5])
    lacks = Memorisation().lacks(Evidence(fake=few, real=few, control=few, train=few, embedder=Pixels()))
    assert "20 training images" in lacks
