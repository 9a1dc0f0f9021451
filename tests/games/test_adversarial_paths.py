"""The game of two players on series: micro-batches change nothing, and the score of two draws is proper."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mintage.contracts import Batch, DataSpec, Share, TensorSpec
from mintage.games.adversarial_paths import AdversarialPaths
from mintage.models.forgan import ForGAN
from mintage.objectives.adversarial import LOSSES
from mintage.objectives.ranked import ranked_score

SPEC = DataSpec(x=TensorSpec(shape=(17, 2)))


def game(**stakes: object) -> AdversarialPaths:
    torch.manual_seed(0)
    return ForGAN.read({"width": 8, "common": 2, "places": 4, "stakes": stakes}).build(SPEC)


def windows(n: int = 6) -> Tensor:
    return torch.randn(n, 17, 2, generator=torch.Generator().manual_seed(1))


def prices(played: AdversarialPaths, batch: Batch) -> dict[str, Tensor]:
    return {
        f"{turn.player}/{name}": price.detach()
        for turn in played.turns(0, 3)
        for name, price in turn.stake(batch).pays.items()
    }


def test_parts_of_a_batch_cost_what_the_whole_does() -> None:
    played, x = game(r1=1, r2=1, score_weight=2), windows()
    whole = prices(played, Batch(x))
    parts = [prices(played, Batch(x[first : first + 3], share=Share(first, 6))) for first in (0, 3)]
    for name, price in whole.items():
        torch.testing.assert_close((parts[0][name] + parts[1][name]) / 2, price, msg=name)
    assert set(whole) == {
        "discriminator/adversarial", "discriminator/r1", "discriminator/r2", "generator/adversarial", "generator/score",
    }  # fmt: skip


@pytest.mark.parametrize("objective", sorted(LOSSES))
def test_every_objective_gives_both_players_slopes(objective: str) -> None:
    played = game(objective=objective, gradient_penalty=1)
    for turn in played.turns(0, 0):
        played.zero_grad()
        sum(turn.stake(Batch(windows())).pays.values()).backward()
        slopes = [p.grad for p in played.players[turn.player].parameters()]
        assert all(slope is not None and slope.isfinite().all() for slope in slopes)


def test_an_answer_waits_for_its_critic_steps() -> None:
    turns = game(critic_steps=3).turns(1, 0)
    assert turns[0].awake == ()
    assert turns[1].every == 3


def test_a_score_of_two_draws_is_least_where_they_spread_as_the_truth() -> None:
    rng = torch.Generator().manual_seed(0)
    truth, one, other = torch.randn(3, 40_000, generator=rng)
    lost = {spread: float(ranked_score(truth, spread * one, spread * other)) for spread in (0.5, 0.8, 1.0, 1.25, 2.0)}
    assert min(lost, key=lost.__getitem__) == 1.0
    assert lost[1.0] == pytest.approx(1 / torch.pi**0.5, abs=0.01)  # of a normal law in closed form
