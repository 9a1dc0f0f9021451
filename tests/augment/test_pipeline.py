"""The chain of augmentations and ADA's controller."""

from __future__ import annotations

import pytest
import torch

from mintage import registry
from mintage.augmentation import Pipeline


def pipeline(*names: str, **settings: float) -> Pipeline:
    return Pipeline([registry.find("augment", name)() for name in names], **settings)


def test_a_certain_pipeline_does_every_step_to_every_sample() -> None:
    chain = pipeline("translate", "cutout")
    x = torch.rand(5, 1, 16, 16)
    chance = torch.rand(5, chain.num_draws)
    assert chain.num_draws == 6
    expected = chain.steps[1](chain.steps[0](x, chance[:, 1:3]), chance[:, 4:6])
    assert torch.equal(chain(x, chance), expected)


def test_a_probability_is_the_share_of_samples_that_change() -> None:
    chain = pipeline("quarter_turn", probability=0.3)
    x = torch.rand(4000, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    chance = torch.rand(4000, 2, generator=torch.Generator().manual_seed(1))
    changed = (chain(x, chance) != x).flatten(1).any(1).float().mean().item()
    assert changed == pytest.approx(0.3 * 0.75, abs=0.03)  # one turn in four is none


def test_probability_zero_leaves_everything() -> None:
    chain = pipeline("flip", "colour", probability=0.0)
    x = torch.rand(8, 3, 8, 8)
    assert torch.equal(chain(x, torch.rand(8, chain.num_draws)), x)


def test_ada_starts_at_zero_and_moves_at_the_papers_rate() -> None:
    chain = pipeline("flip", target=0.6, images_to_one=1000)
    assert chain.p.item() == 0
    sure, unsure = torch.ones(64), torch.tensor([1.0, -1.0] * 32)
    for _ in range(5):
        chain.adapt(sure)  # r = 1 > 0.6: sign(r - target) * images / images_to_one
    assert chain.p.item() == pytest.approx(5 * 64 / 1000)
    chain.adapt(unsure)  # r = 0 < 0.6
    assert chain.p.item() == pytest.approx(4 * 64 / 1000)


def test_ada_stays_between_zero_and_one() -> None:
    chain = pipeline("flip", target=0.6, images_to_one=100)
    chain.adapt(-torch.ones(64))
    assert chain.p.item() == 0
    for _ in range(4):
        chain.adapt(torch.ones(64))
    assert chain.p.item() == 1


def test_ada_reads_signs_not_sizes() -> None:
    chain = pipeline("flip", target=0.6, images_to_one=100)
    chain.adapt(torch.tensor([1000.0, -0.1, -0.1, -0.1]))
    assert chain.p.item() == 0


def test_the_probability_is_part_of_the_state() -> None:
    chain, twin = (pipeline("flip", target=0.6, images_to_one=100) for _ in range(2))
    chain.adapt(torch.ones(20))
    twin.load_state_dict(chain.state_dict())
    assert twin.p.item() == pytest.approx(0.2)


def test_a_fixed_pipeline_never_moves() -> None:
    chain = pipeline("flip", probability=0.5)
    chain.adapt(torch.ones(1000))
    assert chain.p.item() == 0.5
