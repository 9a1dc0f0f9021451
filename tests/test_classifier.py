"""The classifier learns fast, the same each time, at any size, and leaves the caller's chance alone."""

from __future__ import annotations

import pytest
import torch

from mintage.classifier import Classifier, shrink
from tests.metrics.quadrants import quadrants


@pytest.fixture(scope="module")
def learned() -> Classifier:
    real = quadrants(600, seed=0)
    assert real.labels is not None
    return Classifier.fit(real.x, real.labels, 4, steps=50)


def test_it_learns_classes_that_hold_for_unseen_images(learned: Classifier) -> None:
    unseen = quadrants(400, seed=1)
    assert (learned.logits(unseen.x).argmax(1) == unseen.labels).float().mean() > 0.97


def test_shuffled_labels_teach_nothing() -> None:
    real, unseen = quadrants(600, seed=0), quadrants(400, seed=1)
    shuffled = torch.randint(4, (600,), generator=torch.Generator().manual_seed(0))
    guessed = Classifier.fit(real.x, shuffled, 4, steps=50).logits(unseen.x).argmax(1)
    assert (guessed == unseen.labels).float().mean() < 0.45


def test_the_same_seed_gives_the_same_weights_and_moves_no_chance_but_its_own(learned: Classifier) -> None:
    real = quadrants(600, seed=0)
    assert real.labels is not None
    before = torch.get_rng_state()
    again = Classifier.fit(real.x, real.labels, 4, steps=50)
    assert torch.equal(torch.get_rng_state(), before)
    for name, tensor in learned.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name


def test_another_seed_gives_another_network() -> None:
    one, other = (Classifier((8, 8, 1), 4, seed=seed) for seed in (0, 1))
    assert not torch.equal(one.head.weight, other.head.weight)


def test_an_answer_does_not_depend_on_its_neighbours_or_on_blocks(learned: Classifier) -> None:
    x = quadrants(700, seed=5).x  # more than a block
    together = learned.features(x)
    assert together.shape == (700, 128)
    assert together.dtype == torch.float32
    assert torch.allclose(learned.features(x[-3:]), together[-3:], atol=1e-5)


def test_it_learns_where_gradients_are_off() -> None:
    real = quadrants(50, seed=0)
    assert real.labels is not None
    with torch.no_grad():
        learned = Classifier.fit(real.x, real.labels, 4, steps=1)
    assert not torch.equal(learned.head.weight, Classifier((8, 8, 1), 4).head.weight)


@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (2, 3, 1), (8, 8, 3), (28, 28, 1), (33, 33, 3), (64, 64, 3), (100, 40, 1), (128, 128, 3)]
)
def test_images_of_any_size_pass(shape: tuple[int, int, int]) -> None:
    x = torch.randint(256, (4, *shape), dtype=torch.uint8)
    network = Classifier.fit(x, torch.tensor([0, 1, 1, 0]), 2, steps=1, flips=True)
    assert network.logits(x).shape == (4, 2)
    assert network.features(x).isfinite().all()


def test_large_images_are_averaged_not_sampled() -> None:
    chessboard = (torch.arange(128)[:, None] + torch.arange(128)) % 2 * 200
    small = shrink(chessboard.byte().view(1, 128, 128, 1))
    assert small.shape == (1, 1, 64, 64)
    assert (small == 100).all()


def test_small_images_stay_as_they_are() -> None:
    x = quadrants(3, seed=0).x
    assert torch.equal(shrink(x).movedim(1, 3), x)
