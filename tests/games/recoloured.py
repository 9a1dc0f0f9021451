"""Shapes on grey and the same shapes in another colour, and a plain loop that plays a game on them."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mintage.contracts import Batch, Game
from mintage.layers.turns import set_learning

SIDE = 16
BEFORE, AFTER = torch.tensor([0.9, -0.6, -0.6]), torch.tensor([-0.6, -0.6, 0.9])  # red becomes blue


def shapes(n: int, seed: int) -> tuple[Tensor, Tensor]:
    """Discs and boxes of some size somewhere, in red and in blue. Shape: (n, 3, 16, 16), twice."""
    rng = torch.Generator().manual_seed(seed)
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    at = torch.rand(n, 2, 1, 1, generator=rng) * 8 + 4
    size = torch.rand(n, 1, 1, generator=rng) * 2.5 + 2.5
    round_ones = torch.rand(n, 1, 1, generator=rng) < 0.5
    down, right = y - at[:, 0], x - at[:, 1]
    inside = torch.where(round_ones, (down**2 + right**2).sqrt(), torch.maximum(down.abs(), right.abs())) < size
    ground = 0.1 * torch.randn(n, 1, SIDE, SIDE, generator=rng)
    pictures = [torch.where(inside[:, None], colour.view(3, 1, 1), ground).clamp(-1, 1) for colour in (BEFORE, AFTER)]
    return pictures[0], pictures[1]


def taught(
    build: Callable[[], Game], steps: int, *, paired: bool = False, swapped: str = "", batch: int = 8, lr: float = 2e-3
) -> Game:
    """The game after so many steps of batches whose sides show different shapes, or the same where they are paired.

    `swapped`: a term that the generator pays with the wrong sign.
    """
    torch.manual_seed(0)
    game = build()
    moves = {name: torch.optim.Adam(p.parameters(), lr, (0.5, 0.99)) for name, p in game.players.items()}
    for step in range(steps):
        given, made = shapes(batch, seed=2 * step)
        seen = Batch(made if paired else shapes(batch, seed=2 * step + 1)[1], given)
        for turn in game.turns(step, 0):
            if step % turn.every:
                continue
            for name, player in game.players.items():
                set_learning(player.parameters(), name in (turn.player, *turn.awake))
            moves[turn.player].zero_grad()
            pays = dict(turn.stake(seen).pays)
            if swapped in pays and turn.player == "generator":
                pays[swapped] = -pays[swapped]
            torch.stack(list(pays.values())).sum().backward()
            moves[turn.player].step()
    return game


@torch.no_grad()
def error(network: nn.Module, given: Tensor, wanted: Tensor) -> Tensor:
    """Mean L1 distance to the truth of what a network makes of inputs that it did not learn from. Shape: ()."""
    return F.l1_loss(network.eval()(given), wanted)


def lively(network: nn.Module) -> nn.Module:
    """The network with first weights that keep the size of what they see, so that a short training suffices."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, 0.2)
    return network
