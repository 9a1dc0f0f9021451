"""The adversarial game of text pays likelihood alone at first, and slopes reach every token that was written."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mintage.contracts import Batch, DataSpec, Share, TensorSpec
from mintage.games.adversarial_text import AdversarialText
from mintage.layers.turns import set_learning
from mintage.models.relgan import RelGAN
from mintage.numbers import Numbers
from mintage.objectives.adversarial import LOSSES
from mintage.training.ema import Averager
from mintage.training.loop import Loop
from mintage.training.settings import TrainingSettings
from mintage.training.update import PlainUpdate

CONTEXT, TOKENS = 12, 7
SPEC = DataSpec(x=TensorSpec(shape=(CONTEXT + 1,), classes=TOKENS, start=3))


def batch_of(n: int = 4, seed: int = 1) -> Batch:
    return Batch(torch.randint(0, TOKENS, (n, CONTEXT + 1), generator=torch.Generator().manual_seed(seed)))


def game_of(**stakes: object) -> AdversarialText:
    torch.manual_seed(0)
    stakes = {"adversarial_from": 2, "written": 5, "critic_steps": 1, "anneal": 2, **stakes}
    return RelGAN.read({"width": 16, "representations": 2, "filters": 4, "stakes": stakes}).build(SPEC)


def played(game: AdversarialText, batch: Batch, step: int) -> dict[str, Tensor]:
    turns = game.turns(step, 0)
    return {f"{t.player}/{name}": price for t in turns for name, price in t.stake(batch).pays.items()}


def test_the_discriminator_enters_at_its_step_and_not_before() -> None:
    game, batch = game_of(critic_steps=2), batch_of()
    assert [turn.player for turn in game.turns(1, 0)] == ["writer"]
    assert set(played(game, batch, 1)) == {"writer/likelihood"}
    assert "discriminator/heldout" not in game.examine(batch)
    assert [turn.player for turn in game.turns(2, 0)] == ["discriminator", "discriminator", "writer"]
    assert set(played(game, batch, 2)) == {"discriminator/adversarial", "writer/likelihood", "writer/adversarial"}
    assert "discriminator/heldout" in game.examine(batch)


def test_without_a_weight_the_discriminator_never_enters() -> None:
    assert [turn.player for turn in game_of(adversarial_weight=0.0).turns(9, 0)] == ["writer"]


@pytest.mark.parametrize("objective", LOSSES)
def test_the_players_pay_what_the_objective_says(objective: str) -> None:
    game, batch = game_of(objective=objective, adversarial_weight=0.3, likelihood_weight=0.5), batch_of()
    seen: list[Tensor] = []
    game.discriminator.register_forward_pre_hook(lambda _, given: seen.append(given[0].detach()))
    prices = played(game, batch, 2)
    logits = [game.discriminator(x) for x in seen[0].chunk(2)]
    assert torch.equal(seen[0][:4].argmax(2), batch.x[:, -9:])  # four real tokens before the five that are written
    assert torch.equal(seen[0][4:, :4].argmax(2), batch.x[:, -9:-5])
    loss = LOSSES[objective]
    torch.testing.assert_close(prices["discriminator/adversarial"], loss.discriminator(*logits).mean())
    torch.testing.assert_close(prices["writer/adversarial"], 0.3 * loss.generator(*logits).mean())
    torch.testing.assert_close(prices["writer/likelihood"], 0.5 * game.examine(batch)["writer/heldout"])


def test_relaxed_texts_are_those_that_the_same_chance_draws_and_have_slopes() -> None:
    writer = game_of().sampler.writer
    prompt, chance = batch_of().x[:, :3], torch.randn(4, 5, TOKENS, generator=torch.Generator().manual_seed(2))
    soft = writer.relaxed(prompt, chance, 0.5)
    tokens = prompt
    for now in chance.unbind(1):
        tokens = torch.cat([tokens, (writer(tokens)[:, -1] + now).argmax(1, keepdim=True)], 1)
    assert torch.equal(soft.argmax(2), tokens[:, 3:])
    torch.testing.assert_close(soft.detach(), nn.functional.one_hot(tokens[:, 3:], TOKENS).float())
    (slope,) = torch.autograd.grad(soft[:, -1, 0].sum(), writer.embedding.weight)
    assert slope.abs().max() > 0


def test_each_turn_moves_its_own_player_only() -> None:
    game, batch = game_of(), batch_of()
    for turn in game.turns(2, 0):
        game.zero_grad(set_to_none=True)
        for name, player in game.players.items():
            set_learning(player.parameters(), name == turn.player)
        torch.stack([*turn.stake(batch).pays.values()]).sum().backward()
        for name, player in game.players.items():
            moved = any(p.grad is not None and bool(p.grad.any()) for p in player.parameters())
            assert moved == (name == turn.player)


def test_chance_is_a_function_of_seed_and_step_that_cuts_do_not_change() -> None:
    game, batch = game_of(), batch_of()
    whole = played(game, batch, 2)
    assert played(game, batch, 2) == whole
    assert played(game, batch, 3)["discriminator/adversarial"] != whole["discriminator/adversarial"]
    halves = [played(game, Batch(batch.x[k : k + 2], share=Share(k, 4)), 2) for k in (0, 2)]
    for name, price in whole.items():
        torch.testing.assert_close((halves[0][name] + halves[1][name]) / 2, price)


def test_a_run_that_is_cut_off_goes_on_to_the_bit() -> None:
    settings = TrainingSettings.read({**RelGAN.habits, "steps": 5, "batch": 4})

    def loop() -> Loop:
        game = game_of()
        update, averager = PlainUpdate(game, settings, Numbers(False, False)), Averager(game.sampler, 0.0, 0.05)
        return Loop(game, lambda step: [batch_of(seed=step)], update, averager, settings, 0)

    unbroken, first, second = loop(), loop(), loop()
    unbroken.run()
    for _ in range(3):
        first.advance()
    second.load_state_dict(3, first.state_dict(), first.averager.state_dict())
    second.run()
    states = unbroken.state_dict(), second.state_dict()
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])


def test_bfloat16_leaves_the_writers_state_alone() -> None:
    game, batch = game_of(), batch_of()
    with torch.autocast("cpu", torch.bfloat16):
        prices = played(game, batch, 2)
    assert all(price.isfinite() for price in prices.values())
    torch.testing.assert_close(
        prices["writer/likelihood"], played(game, batch, 2)["writer/likelihood"], rtol=0.02, atol=0
    )


@pytest.mark.slow
def test_the_discriminator_alone_teaches_a_writer_which_tokens_are_real() -> None:
    """Real texts have two of seven tokens; the writer has no likelihood to go by."""
    stakes = {"adversarial_from": 0, "likelihood_weight": 0.0, "critic_steps": 2, "anneal": 200}
    game = game_of(**stakes)
    settings = TrainingSettings.read({**RelGAN.habits, "steps": 150, "batch": 32})
    update, averager = PlainUpdate(game, settings, Numbers(False, False)), Averager(game.sampler, 0.0, 0.05)

    def reals(step: int) -> list[Batch]:
        rng = torch.Generator().manual_seed(step)
        return [Batch(2 + 3 * torch.randint(0, 2, (32, CONTEXT + 1), generator=rng))]

    Loop(game, reals, update, averager, settings, 0).run()
    texts = game.sampler.eval()(game.sampler.noise(32, torch.Generator().manual_seed(0)))
    assert float(((texts == 2) | (texts == 5)).float().mean()) > 0.9
    assert float((texts == 2).float().mean()) == pytest.approx(0.5, abs=0.3)
