"""The cycle game pays what the paper's formulas say, and learns to recolour shapes that it never sees in pairs."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from tests.games.recoloured import error, lively, shapes, taught
from torch import Tensor, nn

from mintage.contracts import Batch, Share
from mintage.games.cycle import CycleGame, CycleStakes
from mintage.layers.image_pool import ImagePool
from mintage.layers.patch_discriminator import PatchDiscriminator
from mintage.layers.translator import Translator
from mintage.objectives.adversarial import LOSSES
from mintage.seeding import generator

SHAPE = (1, 4, 4)


class Scale(nn.Module):
    """The simplest network: a times x, plus b."""

    def __init__(self, a: float, b: float = 0.0) -> None:
        super().__init__()
        self.a, self.b = nn.Parameter(torch.tensor(a)), nn.Parameter(torch.tensor(b))

    def forward(self, x: Tensor) -> Tensor:
        return self.a * x + self.b


def game_of(**stakes: object) -> CycleGame:
    stakes = {"pool": 0, **stakes}
    there, back = (Translator(net, multiple=1, reach=0) for net in (Scale(2.0, 0.1), Scale(0.3, -0.2)))
    judges = {"target": Scale(0.7, 0.2), "origin": Scale(-0.4, 0.5)}
    pools = {side: ImagePool(int(stakes["pool"]), SHAPE) for side in judges}
    return CycleGame(there, back, judges, pools, CycleStakes.read(stakes))


def batch_of(seed: int = 0, n: int = 4) -> Batch:
    rng = torch.Generator().manual_seed(seed)
    b, a = (torch.rand(n, *SHAPE, generator=rng) * 2 - 1 for _ in range(2))
    return Batch(b, a)


def there(x: Tensor) -> Tensor:
    return 2.0 * x + 0.1


def back(x: Tensor) -> Tensor:
    return 0.3 * x - 0.2


def of_target(x: Tensor) -> Tensor:
    return 0.7 * x + 0.2


def of_origin(x: Tensor) -> Tensor:
    return -0.4 * x + 0.5


def played(game: CycleGame, batch: Batch, step: int = 0, seed: int = 0) -> list[dict[str, Tensor]]:
    return [dict(turn.stake(batch).pays) for turn in game.turns(step, seed)]


def test_the_generator_pays_least_squares_the_cycle_and_the_identity_of_both_sides() -> None:
    batch = batch_of()
    a, b = batch.condition, batch.x
    pays, _ = played(game_of(cycle_weight=10.0, identity_weight=0.5), batch)
    fooled = 0.5 * ((of_target(there(a)) - 1) ** 2).mean() + 0.5 * ((of_origin(back(b)) - 1) ** 2).mean()
    cycle = (back(there(a)) - a).abs().mean() + (there(back(b)) - b).abs().mean()
    identity = (there(b) - b).abs().mean() + (back(a) - a).abs().mean()
    torch.testing.assert_close(pays, {"adversarial": fooled, "cycle": 10 * cycle, "identity": 5 * identity})


def test_without_a_weight_nothing_is_paid_for_identity() -> None:
    pays, _ = played(game_of(identity_weight=0.0), batch_of())
    assert set(pays) == {"adversarial", "cycle"}


@pytest.mark.parametrize("objective", LOSSES)
def test_each_side_of_the_discriminator_pays_half_of_its_loss(objective) -> None:
    batch, loss = batch_of(), LOSSES[objective]
    a, b = batch.condition, batch.x
    _, pays = played(game_of(objective=objective), batch)
    wanted = loss.discriminator(of_target(b), of_target(there(a))).mean() / 2
    wanted = wanted + loss.discriminator(of_origin(a), of_origin(back(b))).mean() / 2
    torch.testing.assert_close(pays, {"adversarial": wanted})


def test_what_compares_is_told_what_the_discriminator_says_of_real_ones() -> None:
    batch = batch_of()
    pays, _ = played(game_of(objective="relativistic"), batch)
    a, b = batch.condition, batch.x
    wanted = (
        F.softplus(of_target(b) - of_target(there(a))).mean() + F.softplus(of_origin(a) - of_origin(back(b))).mean()
    )
    torch.testing.assert_close(pays["adversarial"], wanted)


def test_the_discriminators_turn_sends_no_gradient_to_the_translators() -> None:
    game, batch = game_of(pool=2), batch_of()
    turns = game.turns(0, 0)
    turns[0].stake(batch)
    sum(turns[1].stake(batch).pays.values()).backward()
    assert all(p.grad is None for p in game.players["generator"].parameters())
    assert all(p.grad is not None for p in game.players["discriminator"].parameters())


def test_the_discriminator_is_shown_old_samples_by_the_chance_of_seed_and_step() -> None:
    game, loss = game_of(pool=2), LOSSES["least_squares"].discriminator
    pools = {side: ImagePool(2, SHAPE) for side in ("target", "origin")}
    showed_old = False
    for step in range(6):
        batch = batch_of(step)
        a, b = batch.condition, batch.x
        _, pays = played(game, batch, step, seed=7)
        chance = {side: torch.rand(4, 2, generator=generator(7, step, "pool", side)) for side in pools}
        to_b, to_a = (pools[side](made, chance[side]) for side, made in [("target", there(a)), ("origin", back(b))])
        wanted = loss(of_target(b), of_target(to_b)).mean() / 2 + loss(of_origin(a), of_origin(to_a)).mean() / 2
        torch.testing.assert_close(pays["adversarial"], wanted)
        torch.testing.assert_close(game.pools["target"].samples, pools["target"].samples)
        showed_old |= not torch.equal(to_b, there(a))
    assert showed_old


def test_micro_batches_pay_what_the_whole_batch_pays() -> None:
    whole, cut = game_of(pool=3), game_of(pool=3)
    for step in range(4):
        batch = batch_of(step)
        parts = [
            Batch(batch.x[i : i + 2], batch.condition[i : i + 2], share=Share(i, 4)) for i in (0, 2)
        ]  # fmt: skip
        one, turns = played(whole, batch, step), cut.turns(step, 0)
        for paid, turn in zip(one, turns, strict=True):
            pays = [turn.stake(part).pays for part in parts]
            for name, price in paid.items():
                torch.testing.assert_close((pays[0][name] + pays[1][name]) / 2, price)
    assert torch.equal(whole.pools["origin"].samples, cut.pools["origin"].samples)


def test_the_pool_is_a_part_of_the_state() -> None:
    game = game_of(pool=3)
    played(game, batch_of())
    assert int(game.state_dict()["pools.target.count"]) == 3
    assert game.state_dict()["pools.target.samples"].abs().sum() > 0


def small_game() -> CycleGame:
    """Two translators that see one pixel, and discriminators of patches: enough to recolour."""

    def translator() -> Translator:
        layers = [nn.Conv2d(3, 16, 1), nn.LeakyReLU(0.2), nn.Conv2d(16, 16, 1), nn.LeakyReLU(0.2), nn.Conv2d(16, 3, 1)]
        nn.init.zeros_(layers[-1].weight)
        return Translator(nn.Sequential(ResidualPixels(nn.Sequential(*layers)), nn.Tanh()), multiple=1, reach=0)

    judges = {side: lively(PatchDiscriminator(3, 8, halvings=1, norm=False)) for side in ("target", "origin")}
    pools = {side: ImagePool(16, (3, 16, 16)) for side in judges}
    return CycleGame(translator(), translator(), judges, pools, CycleStakes(objective="hinge"))


class ResidualPixels(nn.Module):
    """At first nearly a copy, so that what is learned is a change of colour."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        return 2 * x + self.body(x)


def recoloured(game: CycleGame) -> tuple[float, float]:
    """The error of each direction, as a share of a copy's."""
    red, blue = shapes(32, seed=99)
    copy = F.l1_loss(red, blue)
    return float(error(game.sampler.generator, red, blue) / copy), float(
        error(game.way_back.generator, blue, red) / copy
    )


def test_it_learns_to_recolour_shapes_both_ways_without_pairs() -> None:
    assert max(recoloured(taught(small_game, 150, batch=4, lr=4e-3))) < 0.5


@pytest.mark.parametrize("term", ["adversarial", "cycle"])
def test_with_a_swapped_sign_it_does_not(term) -> None:
    assert max(recoloured(taught(small_game, 80, batch=4, lr=4e-3, swapped=term))) > 0.9


def test_r1_of_both_judges_is_paid_by_the_discriminator_and_seldom() -> None:
    game, batch = game_of(r1=3.0, penalty_every=4), batch_of()
    last = game.turns(0, 0)[-1]
    assert (last.player, last.every) == ("discriminator", 4)
    pays = dict(last.stake(batch).pays)
    # a judge multiplies every pixel by its weight; a picture's answer is the sum of all over the root of their number
    pixels = batch.x[0].numel()
    wanted = 4 * 3 * 0.5 * sum(a**2 * pixels / pixels for a in (0.7, -0.4))
    torch.testing.assert_close(pays["r1"].item(), wanted)
    assert len(game_of(r1=0.0).turns(0, 0)) == 2
