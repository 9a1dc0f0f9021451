"""The contrastive game pays what the paper's formulas say, and learns to recolour shapes without pairs."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from tests.games.recoloured import error, lively, shapes, taught

from mintage.contracts import Batch, DataSpec, Share, TensorSpec
from mintage.games.contrastive import ContrastiveGame, ContrastiveStakes, PatchPoints
from mintage.layers.patch_discriminator import PatchDiscriminator
from mintage.layers.residual import ResNetTranslator
from mintage.layers.translator import Translator
from mintage.models.cut import CUT
from mintage.objectives.adversarial import LOSSES
from mintage.seeding import generator

SPEC = DataSpec(x=TensorSpec(shape=(3, 16, 16)), condition=TensorSpec(shape=(3, 16, 16)))
PATCHES = 6


def game_of(**stakes: object) -> ContrastiveGame:
    torch.manual_seed(0)
    sizes = {"width": 4, "judge_width": 4, "blocks": 1, "halvings": 1, "points_dim": 8, "residual": False}
    return CUT.read({**sizes, "stakes": {"patches": PATCHES, "contrast_weight": 1.0, "r1": 0.0, **stakes}}).build(SPEC)


def batch_of(n: int = 4) -> Batch:
    rng = torch.Generator().manual_seed(1)
    b, a = (torch.rand(n, 3, 16, 16, generator=rng) * 2 - 1 for _ in range(2))
    return Batch(b, a)


def played(game: ContrastiveGame, batch: Batch, step: int = 0, seed: int = 0) -> list[dict[str, torch.Tensor]]:
    return [dict(turn.stake(batch).pays) for turn in game.turns(step, seed)]


def directly(game: ContrastiveGame, before: torch.Tensor, step: int, seed: int, temperature: float) -> float:
    """PatchNCE by loops: of each picture, layer and place, how far the right patch stands out among the others."""
    rng, after = generator(seed, step, "patches"), game.sampler.generator(before)
    encode = game.network.encode
    losses = []
    for head, old, new in zip(
        game.points.heads, encode(before, game.layers), encode(after, game.layers), strict=True
    ):  # fmt: skip
        places = torch.randperm(old.shape[2] * old.shape[3], generator=rng)[:PATCHES].tolist()
        for picture in range(len(before)):
            flat = [maps[picture].flatten(1).T for maps in (old, new)]
            keys, queries = ([F.normalize(head(rows[place]), dim=0) for place in places] for rows in flat)
            layer = []
            for right, query in enumerate(queries):
                likeness = [math.exp(float(query @ key) / temperature) for key in keys]
                layer.append(-math.log(likeness[right] / sum(likeness)))
            losses.append(sum(layer) / len(layer))
    return sum(losses) / len(losses)


@pytest.mark.parametrize(("identity", "weight", "temperature"), [(False, 1.0, 0.07), (True, 2.0, 0.5)])
def test_the_contrast_is_that_of_a_direct_loop(identity, weight, temperature) -> None:
    stakes = {"identity_contrast": identity, "contrast_weight": weight, "temperature": temperature}
    game, batch = game_of(**stakes), batch_of(2)
    _, pays = played(game, batch, step=3, seed=5)
    shown = torch.cat([batch.condition, batch.x]) if identity else batch.condition
    with torch.no_grad():
        wanted = weight * directly(game, shown, 3, 5, temperature)
    assert pays["contrast"].item() == pytest.approx(wanted, rel=1e-4)


def test_a_copy_is_recognised_and_another_picture_is_not() -> None:
    game, batch = game_of(temperature=0.07), batch_of(2)
    rng = torch.Generator()
    maps = game.network.encode(batch.condition, game.layers)
    others = game.network.encode(batch.x, game.layers)
    same, other = (game._contrast(maps, after, rng.manual_seed(0)).item() for after in (maps, others))
    assert same < math.log(PATCHES) < other + 0.2
    assert same < 0.7 * other


@pytest.mark.parametrize("objective", LOSSES)
def test_the_adversarial_terms_are_the_objectives_and_the_discriminators_is_halved(objective) -> None:
    game, batch, loss = game_of(objective=objective), batch_of(), LOSSES[objective]
    with torch.no_grad():
        real, fake = game.judge(batch.x), game.judge(game.sampler.generator(batch.condition))
        discriminator, generator_ = played(game, batch)
    torch.testing.assert_close(discriminator["adversarial"], loss.discriminator(real, fake).mean() / 2)
    torch.testing.assert_close(generator_["adversarial"], loss.generator(real, fake).mean())


def test_keys_have_no_gradient_and_queries_reach_the_generator_and_the_points() -> None:
    game, batch = game_of(), batch_of()
    game.turns(0, 0)[1].stake(batch).pays["contrast"].backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in game.points.parameters() if p.ndim > 1)
    assert game.network.head.weight.grad.abs().max() > 0
    before = game.network.encode(batch.condition, game.layers)
    after = [one.detach().requires_grad_() for one in before]
    game._contrast(before, after, torch.Generator()).backward()
    assert all(one.grad is not None for one in after)


def test_places_are_a_function_of_seed_and_step_alone() -> None:
    game, batch = game_of(), batch_of()
    paid = []
    for own, step, seed in [(0, 1, 0), (1, 1, 0), (0, 2, 0), (0, 1, 1)]:
        torch.manual_seed(own)
        paid.append(played(game, batch, step, seed)[1]["contrast"].item())
    assert paid[0] == paid[1]
    assert len(set(paid)) == 3


def test_the_discriminators_turn_sends_no_gradient_to_the_generator() -> None:
    game = game_of()
    sum(game.turns(0, 0)[0].stake(batch_of()).pays.values()).backward()
    assert all(p.grad is None for p in game.players["generator"].parameters())
    assert all(p.grad is not None for p in game.players["discriminator"].parameters())


def test_micro_batches_pay_what_the_whole_batch_pays() -> None:
    game, batch = game_of(), batch_of()
    parts = [Batch(batch.x[i : i + 2], batch.condition[i : i + 2], share=Share(i, 4)) for i in (0, 2)]
    turns = game.turns(2, 0)
    for paid, turn in zip(played(game, batch, 2), turns, strict=True):
        pays = [turn.stake(part).pays for part in parts]
        for name, price in paid.items():
            torch.testing.assert_close((pays[0][name] + pays[1][name]) / 2, price)


def test_points_have_unit_length_at_the_places_asked_for() -> None:
    points = PatchPoints([3, 5], 7)
    maps = [torch.randn(2, 3, 4, 4), torch.randn(2, 5, 2, 2)]
    first, second = points(maps, [torch.tensor([5, 0, 9]), torch.tensor([3])])
    assert (first.shape, second.shape) == ((2, 3, 7), (2, 1, 7))
    torch.testing.assert_close(first.norm(dim=2), torch.ones(2, 3))
    torch.testing.assert_close(first[1, 0], F.normalize(points.heads[0](maps[0][1, :, 1, 1]), dim=0))


def test_more_patches_than_places_are_all_places() -> None:
    _, pays = played(game_of(patches=1000), batch_of(2))
    assert pays["contrast"].isfinite()


def small_game() -> ContrastiveGame:
    """A translator at full resolution and a discriminator of patches, without normalisation: enough to recolour."""
    network = ResNetTranslator(3, 3, 8, 1, halvings=0, norm=False)
    network.start_from_copy()
    judge = lively(PatchDiscriminator(3, 8, halvings=1, norm=False))
    sampler = Translator(network, multiple=1, reach=network.reach)
    stakes = ContrastiveStakes(objective="hinge", contrast_weight=0.3, patches=32)
    return ContrastiveGame(sampler, PatchPoints(network.widths, 16), [0, 1], judge, stakes)


def recoloured(game: ContrastiveGame) -> float:
    """The error as a share of a copy's."""
    red, blue = shapes(32, seed=99)
    return float(error(game.network, red, blue) / F.l1_loss(red, blue))


def test_it_learns_to_recolour_shapes_without_pairs() -> None:
    assert recoloured(taught(small_game, 120, lr=3e-3)) < 0.75


def test_with_a_swapped_sign_it_does_not() -> None:
    assert recoloured(taught(small_game, 60, lr=3e-3, swapped="adversarial")) > 0.9


def test_r1_is_half_the_squared_slope_of_a_picture_whatever_its_number_of_patches() -> None:
    game, batch = game_of(r1=3.0, penalty_every=4), batch_of()
    x = batch.x.clone().requires_grad_()
    logits = game.judge(x).flatten(1)
    (slope,) = torch.autograd.grad(logits.sum(), x)
    wanted = 4 * 3 * 0.5 * slope.square().flatten(1).sum(1).mean() / logits.shape[1]
    turn = next(turn for turn in game.turns(0, 0) if turn.every == 4)
    torch.testing.assert_close(dict(turn.stake(batch).pays)["r1"], wanted)
    assert turn.player == "discriminator"
