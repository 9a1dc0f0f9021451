"""Known answers of every adversarial loss, and that each pulls its player the right way."""

from __future__ import annotations

import math

import pytest
import torch

from mintage.objectives.adversarial import LOSSES


def softplus(x: float) -> float:
    return math.log(1 + math.exp(x))


REAL, FAKE = 0.5, -2.0
DISCRIMINATOR = {
    "non_saturating": softplus(-0.5) + softplus(-2),
    "minimax": softplus(-0.5) + softplus(-2),
    "hinge": 0.5 + 0.0,
    "least_squares": 0.5 * (0.25 + 4.0),
    "wasserstein": -2.5,
    "relativistic": softplus(-2.5),
}
GENERATOR = {
    "non_saturating": softplus(2),
    "minimax": -softplus(-2),  # log(1 - D(G(z)))
    "hinge": 2.0,
    "least_squares": 0.5 * 9.0,
    "wasserstein": 2.0,
    "relativistic": softplus(2.5),
}


def logits() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor([REAL], requires_grad=True), torch.tensor([FAKE], requires_grad=True)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_each_player_pays_what_the_formula_says(name) -> None:
    real, fake = logits()
    assert LOSSES[name].discriminator(real, fake).item() == pytest.approx(DISCRIMINATOR[name], rel=1e-6)
    assert LOSSES[name].generator(real, fake).item() == pytest.approx(GENERATOR[name], rel=1e-6)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_the_discriminator_raises_real_logits_and_lowers_fake_ones(name) -> None:
    real, fake = torch.tensor([0.3], requires_grad=True), torch.tensor([0.2], requires_grad=True)
    LOSSES[name].discriminator(real, fake).sum().backward()
    assert real.grad.item() < 0 < fake.grad.item()


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_the_generator_raises_fake_logits(name) -> None:
    real, fake = logits()
    LOSSES[name].generator(real, fake).sum().backward()
    assert fake.grad.item() < 0


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_only_a_comparing_loss_reads_the_real_logits_in_the_generators_turn(name) -> None:
    fake = torch.randn(5, generator=torch.Generator().manual_seed(0))
    loss = LOSSES[name]
    blind = torch.equal(loss.generator(torch.zeros(5), fake), loss.generator(torch.ones(5), fake))
    assert blind == (not loss.compares)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_losses_are_paid_sample_by_sample_and_stay_finite_for_huge_logits(name) -> None:
    real, fake = torch.tensor([1e4, -1e4, 3.0]), torch.tensor([-1e4, 1e4, 3.0])
    for side in (LOSSES[name].discriminator, LOSSES[name].generator):
        assert side(real, fake).shape == (3,)
        assert side(real, fake).isfinite().all()


def test_minimax_saturates_where_non_saturating_does_not() -> None:
    slopes = {}
    for name in ("minimax", "non_saturating"):
        fake = torch.tensor([-10.0], requires_grad=True)
        LOSSES[name].generator(fake, fake).sum().backward()
        slopes[name] = abs(fake.grad.item())
    assert slopes["minimax"] < 1e-4 < 0.99 < slopes["non_saturating"]
