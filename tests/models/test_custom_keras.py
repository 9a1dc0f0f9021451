"""A real Keras 3 model plays: it learns, keeps its state to its turn, copies, saves and resumes."""

from __future__ import annotations

import copy
import os

import pytest
import torch

os.environ.setdefault("KERAS_BACKEND", "torch")
pytest.importorskip("keras")
pytestmark = pytest.mark.keras

from mintage.contracts import Batch, DataSpec, TensorSpec  # noqa: E402
from mintage.layers.turns import set_learning  # noqa: E402
from mintage.models.custom import Custom  # noqa: E402

HERE = "tests.models.own_keras_nets"


def game_of(num_classes=None, discriminator="make_discriminator", **stakes):
    condition = None if num_classes is None else TensorSpec(shape=(), classes=num_classes)
    torch.manual_seed(0)
    model = Custom.read(
        {
            "generator": f"{HERE}:make_generator",
            "discriminator": f"{HERE}:{discriminator}",
            "latent_dim": 8,
            "stakes": stakes,
        }
    )
    return model.build(DataSpec(x=TensorSpec(shape=(1, 28, 28)), condition=condition))


def batch_of(num_classes=None):
    x = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(1)) * 2 - 1
    return Batch(x, None if num_classes is None else torch.arange(6) % num_classes)


def step(game, turn, batch, learn=True):
    for name, player in game.players.items():
        set_learning(player.parameters(), name == turn.player)
        player.zero_grad(set_to_none=True)
    torch.manual_seed(0)
    price = sum(turn.stake(batch).pays.values())
    price.backward()
    if learn:
        with torch.no_grad():
            for p in game.players[turn.player].parameters():
                p -= 1e-2 * p.grad
    return price.detach()


@pytest.mark.parametrize("discriminator", ["make_discriminator", "make_subclassed_discriminator"])
@pytest.mark.parametrize("num_classes", [None, 3])
def test_each_turn_moves_its_own_player_and_nobody_else(num_classes, discriminator) -> None:
    game, batch = game_of(num_classes, discriminator, r1=1.0), batch_of(num_classes)
    assert game.sampler(game.sampler.noise(2, torch.Generator()), torch.tensor([0, 1])).shape == (2, 1, 28, 28)
    for turn in game.turns(0, 0):
        before = {name: {k: v.clone() for k, v in p.state_dict().items()} for name, p in game.players.items()}
        step(game, turn, batch)
        for name, player in game.players.items():
            moved = [k for k, v in player.state_dict().items() if not torch.equal(v, before[name][k])]
            assert bool(moved) == (name == turn.player), f"{turn.player}'s turn moves {name}'s {moved}"
        assert all(p.grad is not None and p.grad.isfinite().all() for p in game.players[turn.player].parameters())


def test_running_moments_of_keras_move_while_it_learns() -> None:
    game, batch = game_of(), batch_of()
    before = {k: b.clone() for k, b in game.players["generator"].named_buffers()}
    (turn,) = [turn for turn in game.turns(0, 0) if turn.player == "generator"]
    step(game, turn, batch)
    assert any(not torch.equal(b, before[k]) for k, b in game.players["generator"].named_buffers())


def test_in_eval_a_sample_is_a_function_of_its_noise() -> None:
    game, batch = game_of(), batch_of()
    for turn in game.turns(0, 0):
        step(game, turn, batch)
    sampler = game.sampler.eval()
    noise = sampler.noise(3, torch.Generator().manual_seed(7))
    with torch.no_grad():
        assert torch.equal(sampler(noise), sampler(noise))
        torch.testing.assert_close(sampler(noise[:1]), sampler(noise)[:1], rtol=1e-4, atol=1e-5)


def test_the_state_is_the_whole_of_it() -> None:
    game, batch = game_of(), batch_of()
    for turn in game.turns(0, 0):
        step(game, turn, batch)
    twin = game_of()
    twin.load_state_dict(game.state_dict())
    for ours, theirs in zip(game.turns(1, 0), twin.turns(1, 0), strict=True):
        assert torch.equal(step(game, ours, batch), step(twin, theirs, batch))  # dropout's seeds too


def test_first_weights_follow_the_seed() -> None:
    one, two = game_of(), game_of()
    assert all(torch.equal(v, two.state_dict()[k]) for k, v in one.state_dict().items())


def test_an_averaged_copy_has_weights_of_its_own() -> None:
    game = game_of()
    twin = copy.deepcopy(game.sampler).eval()
    noise = game.sampler.noise(2, torch.Generator().manual_seed(0))
    before = twin(noise)
    with torch.no_grad():
        for parameter in game.sampler.parameters():
            parameter.zero_()
    assert torch.equal(twin(noise), before)
    assert not torch.equal(game.sampler.eval()(noise), before)


def test_a_keras_gan_learns_a_constant_picture() -> None:
    game = game_of(r1=0.1)
    batch = Batch(torch.full((16, 1, 28, 28), 0.6))
    optimizers = {name: torch.optim.Adam(p.parameters(), 5e-3, (0.5, 0.99)) for name, p in game.players.items()}
    for at in range(60):
        for turn in game.turns(at, 0):
            step(game, turn, batch, learn=False)
            optimizers[turn.player].step()
    with torch.no_grad():
        made = game.sampler.train()(game.sampler.noise(16, torch.Generator().manual_seed(0)))
    assert abs(made.mean().item() - 0.6) < 0.25
