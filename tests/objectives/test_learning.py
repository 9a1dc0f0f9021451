"""Eight modes on a ring: a swapped sign passes every test of shapes, but not this one."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from mintage.contracts import Batch
from mintage.games.gan import GAN, LatentSampler, Stakes
from mintage.layers.turns import set_learning

MODES = torch.tensor([[math.cos(k * math.pi / 4), math.sin(k * math.pi / 4)] for k in range(8)])
SPREAD = 0.05


class Net(nn.Module):
    def __init__(self, i: int, o: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(i, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, o)
        )

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        y = self.body(x)
        return y.squeeze(1) if y.shape[1] == 1 else y


def ring(n: int, rng: torch.Generator) -> Tensor:
    return MODES[torch.randint(8, (n,), generator=rng)] + SPREAD * torch.randn(n, 2, generator=rng)


def trained(stakes: Stakes, steps: int) -> LatentSampler:
    torch.manual_seed(0)
    game = GAN(LatentSampler(Net(4, 2), 4), Net(2, 1), stakes)
    optimizers = {name: torch.optim.Adam(p.parameters(), 2e-3, (0.0, 0.99)) for name, p in game.players.items()}
    for step in range(steps):
        batch = Batch(ring(128, torch.Generator().manual_seed(step)))
        for turn in game.turns(step, 0):
            if step % turn.every == 0:
                for name, player in game.players.items():
                    set_learning(player.parameters(), name == turn.player)
                optimizers[turn.player].zero_grad()
                sum(turn.stake(batch).pays.values()).backward()
                optimizers[turn.player].step()
    return game.sampler


def modes_found(sampler: LatentSampler) -> tuple[int, float]:
    """Modes that hold at least 2 % of the samples within 5 spreads, and the share of samples near any mode."""
    with torch.no_grad():
        made = sampler(sampler.noise(2000, torch.Generator().manual_seed(1)))
    distance, nearest = torch.cdist(made, MODES).min(1)
    good = distance < 5 * SPREAD
    return int((torch.bincount(nearest[good], minlength=8) > 40).sum()), float(good.float().mean())


@pytest.mark.parametrize(
    "stakes",
    [
        Stakes(objective="non_saturating", r1=0.1),
        Stakes(objective="relativistic", r1=0.1, r2=0.1),
        Stakes(objective="hinge", r1=0.1, r2=0.1, penalty_every=2),
    ],
    ids=lambda stakes: stakes.objective,
)
def test_the_game_finds_the_modes_of_a_ring(stakes) -> None:
    modes, near = modes_found(trained(stakes, 600))
    assert modes >= 7
    assert near > 0.5
