"""The paired game pays for pixels and, from its step on, for being told apart; and it learns to recolour shapes."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from tests.games.recoloured import error, shapes, taught
from torch import Tensor, nn

from mintage.contracts import Batch, DataSpec, Share, TensorSpec
from mintage.errors import ConfigError
from mintage.games.paired import PairedGame, PairedStakes
from mintage.layers.patch_discriminator import PatchDiscriminator
from mintage.layers.perceptual import PerceptualDistance
from mintage.layers.translator import Translator
from mintage.models.inpaint import Inpaint
from mintage.models.pix2pix import Pix2Pix
from mintage.objectives.adversarial import LOSSES


def batch_of(n: int = 4) -> Batch:
    rng = torch.Generator().manual_seed(1)
    x, told = (torch.rand(n, 3, 12, 12, generator=rng) * 2 - 1 for _ in range(2))
    return Batch(x, told)


def game_of(*, conditional: bool = True, **stakes: object) -> PairedGame:
    torch.manual_seed(0)
    sampler = Translator(nn.Conv2d(3, 3, 3, padding=1), multiple=1, reach=1)
    judge = PatchDiscriminator(6 if conditional else 3, 4, halvings=1)
    return PairedGame(sampler, judge, PairedStakes.read(stakes), conditional=conditional)


def played(game: PairedGame, batch: Batch, step: int = 0) -> dict[str, Tensor]:
    turns = game.turns(step, 0)
    return {f"{t.player}/{name}": price for t in turns for name, price in t.stake(batch).pays.items()}


@pytest.mark.parametrize("objective", LOSSES)
@pytest.mark.parametrize("conditional", [True, False])
def test_the_players_pay_pixels_and_what_the_objective_says(objective, conditional) -> None:
    game, batch = (
        game_of(conditional=conditional, objective=objective, pixel_weight=5.0, adversarial_weight=0.3),
        batch_of(),
    )
    loss, made = LOSSES[objective], game.sampler.generator(batch.condition)
    seen = [torch.cat([x, batch.condition], 1) if conditional else x for x in (batch.x, made)]
    real, fake = (game.discriminator.body(x) for x in seen)
    wanted = {
        "discriminator/adversarial": loss.discriminator(real, fake).mean(),
        "generator/pixel": 5 * (made - batch.x).abs().mean(),
        "generator/adversarial": 0.3 * loss.generator(real, fake).mean(),
    }
    torch.testing.assert_close(played(game, batch), wanted)


def test_the_discriminator_enters_at_its_step_and_not_before() -> None:
    game, batch = game_of(adversarial_from=3, r1=1.0, penalty_every=2), batch_of()
    assert [turn.player for turn in game.turns(2, 0)] == ["generator"]
    assert set(played(game, batch, 2)) == {"generator/pixel"}
    assert "discriminator/heldout" not in game.examine(batch)
    assert [(turn.player, turn.every) for turn in game.turns(3, 0)] == [
        ("discriminator", 1), ("discriminator", 2), ("generator", 1),
    ]  # fmt: skip
    assert {"discriminator/adversarial", "discriminator/r1", "generator/adversarial"} <= set(played(game, batch, 3))
    assert "discriminator/heldout" in game.examine(batch)


def test_r1_is_half_the_squared_slope_of_a_picture_whatever_its_number_of_patches() -> None:
    game, batch = game_of(r1=3.0, penalty_every=4), batch_of()
    x = batch.x.clone().requires_grad_()
    logits = game.discriminator(x, batch.condition).flatten(1)
    (slope,) = torch.autograd.grad(logits.sum(), x)
    wanted = 4 * 3 * 0.5 * slope.square().flatten(1).sum(1).mean() / logits.shape[1]
    torch.testing.assert_close(played(game, batch)["discriminator/r1"], wanted)


def test_without_a_discriminator_the_generator_plays_alone() -> None:
    sampler = Translator(nn.Conv2d(3, 3, 1), multiple=1, reach=0)
    game = PairedGame(sampler, None, PairedStakes(adversarial_weight=0))
    assert list(game.players) == ["generator"]
    assert set(played(game, batch_of())) == {"generator/pixel"}


def test_pixels_count_in_the_holes_alone_and_small_holes_as_much_as_large_ones() -> None:
    spec = DataSpec(x=TensorSpec(shape=(3, 16, 16)), condition=TensorSpec(shape=(4, 16, 16)))
    game = Inpaint(width=4, blocks=1, stakes=PairedStakes(adversarial_weight=0)).build(spec)
    x = torch.rand(2, 3, 16, 16)
    holes = -torch.ones(2, 1, 16, 16)
    holes[0, :, 4:6, 4:6] = holes[1, :, :, 8:] = 1
    batch = Batch(x, torch.cat([torch.where(holes > 0, 0, x), holes], 1))
    made = game.sampler.generator(batch.condition)
    assert torch.equal(torch.where(holes > 0, x, made), x)  # what is known stays
    far = (made - x).abs()
    wanted = (far[0, :, 4:6, 4:6].mean() + far[1, :, :, 8:].mean()) / 2
    torch.testing.assert_close(played(game, batch)["generator/pixel"], wanted)
    whole = Batch(x, torch.cat([x, -torch.ones(2, 1, 16, 16)], 1))
    assert played(game, whole)["generator/pixel"].item() == 0.0  # no hole, no price, no division by nothing


def test_a_perceptual_distance_is_paid_and_stays_out_of_state_and_players() -> None:
    eyes = PerceptualDistance([nn.Conv2d(3, 5, 3)], identity="random", mean=127.5, std=127.5)
    sampler, batch = Translator(nn.Conv2d(3, 3, 1), multiple=1, reach=0), batch_of()
    game = PairedGame(sampler, None, PairedStakes(adversarial_weight=0, perceptual_weight=2.0), perceptual=eyes)
    made = sampler.generator(batch.condition)
    torch.testing.assert_close(played(game, batch)["generator/perceptual"], 2 * eyes(made, batch.x).mean())
    assert set(game.state_dict()) == {"sampler.generator.weight", "sampler.generator.bias"}
    with pytest.raises(ConfigError, match="perceptual_weight is 2"):
        PairedGame(sampler, None, PairedStakes(perceptual_weight=2.0))


def test_both_players_see_the_same_pictures_and_the_discriminators_turn_moves_itself_alone() -> None:
    game, batch = game_of(), batch_of()
    passes: list[Tensor] = []
    game.sampler.generator.register_forward_hook(lambda *args: passes.append(args[-1]))
    discriminator, generator = game.turns(0, 0)
    sum(discriminator.stake(batch).pays.values()).backward()
    assert all(p.grad is None for p in game.players["generator"].parameters())
    sum(generator.stake(batch).pays.values()).backward()
    assert all(p.grad is not None for p in game.players["generator"].parameters())
    assert len(passes) == 1


def test_micro_batches_pay_what_the_whole_batch_pays() -> None:
    game, batch = game_of(r1=1.0), batch_of()
    parts = [Batch(batch.x[i : i + 2], batch.condition[i : i + 2], share=Share(i, 4)) for i in (0, 2)]
    whole = played(game, batch)
    for turn in game.turns(0, 0):
        pays = [turn.stake(part).pays for part in parts]
        for name in pays[0]:
            torch.testing.assert_close((pays[0][name] + pays[1][name]) / 2, whole[f"{turn.player}/{name}"])


def test_figures_of_held_out_pairs_are_their_distance_and_the_mean_logit_of_targets() -> None:
    game, batch = game_of(), batch_of()
    game.turns(0, 0)
    seen = game.examine(batch)
    torch.testing.assert_close(
        seen["generator/heldout_l1"], F.l1_loss(game.sampler.generator(batch.condition), batch.x)
    )
    torch.testing.assert_close(seen["discriminator/heldout"], game.discriminator(batch.x, batch.condition).mean())


def pix2pix() -> PairedGame:
    spec = TensorSpec(shape=(3, 16, 16))
    return Pix2Pix(width=8).build(DataSpec(x=spec, condition=spec))


def recoloured(game: PairedGame) -> float:
    """The error as a share of a copy's."""
    red, blue = shapes(32, seed=99)
    return float(error(game.sampler.generator, red, blue) / F.l1_loss(red, blue))


def test_pix2pix_learns_to_recolour_shapes_from_pairs() -> None:
    assert recoloured(taught(pix2pix, 80, paired=True, batch=4)) < 0.6


def test_with_a_swapped_sign_it_does_not() -> None:
    assert recoloured(taught(pix2pix, 80, paired=True, batch=4, swapped="pixel")) > 1.5
