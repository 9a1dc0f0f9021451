"""What every registered model of pictures must do, found because its file exists."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mintage import registry
from mintage.config import Settings
from mintage.contracts import Batch, DataSpec, Game, Rung, TensorSpec, Turn
from mintage.errors import ConfigError, SpecError
from mintage.games.gan import Stakes
from mintage.layers.turns import set_learning
from mintage.objectives.adversarial import LOSSES
from mintage.objectives.penalties import PENALTIES
from mintage.training.settings import TrainingSettings

TINY = {
    "custom": {
        "generator": "tests.models.own_nets:make_generator",
        "discriminator": "tests.models.own_nets:make_discriminator",
        "latent_dim": 8,
    },
}
SHAPES = [(1, 28, 28), (3, 32, 32), (3, 64, 64), pytest.param((3, 128, 128), marks=pytest.mark.slow)]
PENALTY_NAMES = sorted(PENALTIES)


def tiny(name: str, **settings: object) -> object:
    return registry.find("models", name).read({**TINY.get(name, {"width": 8}), **settings})


def spec_of(shape: tuple[int, ...], kind: str = "from noise") -> DataSpec:
    """What a model of this kind is told while it makes such samples."""
    told = {
        "from noise": None,
        "of three classes": TensorSpec(shape=(), classes=3),
        "from pictures": TensorSpec(shape=shape),
        "from pictures with holes": TensorSpec(shape=(shape[0] + 1, *shape[1:])),
    }
    return DataSpec(x=TensorSpec(shape=shape), condition=told[kind])


def batch_of(spec: DataSpec, n: int = 4) -> Batch:
    rng = torch.Generator().manual_seed(1)
    x = torch.rand(n, *spec.x.shape, generator=rng) * 2 - 1
    if spec.condition is None or spec.condition.classes is not None:
        return Batch(x, None if spec.condition is None else torch.arange(n) % spec.condition.classes)
    return Batch(x, torch.rand(n, *spec.condition.shape, generator=rng) * 2 - 1)


def fits(name: str, kind: str) -> bool:
    try:
        tiny(name).build(spec_of((1, 28, 28), kind))
    except (SpecError, ConfigError):  # a model of text may want settings that no model of pictures has
        return False
    return True


KINDS = ("from noise", "of three classes", "from pictures", "from pictures with holes")
CASES = [(name, kind) for name in registry.names("models") for kind in KINDS if fits(name, kind)]
MODELS = list(dict.fromkeys(name for name, _ in CASES))  # the others write: test_every_writer.py
SIMPLEST = [next(case for case in CASES if case[0] == name) for name in MODELS]
FROM_NOISE = [name for name, kind in SIMPLEST if kind == "from noise"]


def built(model: object, spec: DataSpec) -> Game:
    torch.manual_seed(0)
    return model.build(spec)


def take(game: Game, turn: Turn, batch: Batch) -> dict[str, Tensor]:
    """Gradients of one turn, as the engine would leave them: idle players frozen."""
    for name, player in game.players.items():
        player.zero_grad(set_to_none=True)
        set_learning(player.parameters(), name == turn.player)
    torch.manual_seed(0)
    pays = turn.stake(batch).pays
    assert pays
    assert all(price.ndim == 0 and price.isfinite() for price in pays.values()), pays
    own = list(game.players[turn.player].parameters())
    for term, price in pays.items():
        slopes = torch.autograd.grad(price, own, retain_graph=True, allow_unused=True)
        assert any(slope is not None for slope in slopes), f"{turn.player} pays {term}, but can't change it"
    torch.stack(list(pays.values())).sum().backward()
    return dict(pays)


def settled(game: Game, batch: Batch, steps: int = 2) -> Game:
    """After a few real steps, so that zero initialisations and running moments are behind us."""
    for step in range(steps):
        for turn in game.turns(step, 0):
            take(game, turn, batch)
            torch.optim.Adam(game.players[turn.player].parameters(), 1e-3).step()
    return game


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("name", "kind"), CASES)
def test_each_turn_moves_its_own_player_and_nobody_else(name, kind, shape) -> None:
    spec = spec_of(shape, kind)
    game, batch = built(tiny(name), spec), batch_of(spec)
    turns = game.turns(0, 0)
    assert {turn.player for turn in turns} == set(game.players)
    for turn in turns:
        buffers = {n: {k: b.clone() for k, b in p.named_buffers()} for n, p in game.players.items()}
        paid = take(game, turn, batch)
        for player_name, player in game.players.items():
            idle = [n for n, p in player.named_parameters() if p.grad is None]
            if player_name == turn.player:
                if set(paid) <= set(PENALTIES):  # a slope does not depend on the constant that is added last
                    idle = [n for n in idle if not n.endswith(("linear.bias", "body.6.bias", "body.8.bias"))]
                assert not idle, f"{turn.player}'s turn leaves {idle} without gradient"
            else:
                assert len(idle) == len(list(player.parameters())), f"{turn.player}'s turn moves {player_name}"
                moved = [k for k, b in player.named_buffers() if not torch.equal(b, buffers[player_name][k])]
                assert not moved, f"{turn.player}'s turn moves {player_name}'s {moved}"


@pytest.mark.parametrize(("name", "kind"), SIMPLEST)
def test_buffers_do_move_in_their_own_players_turn(name, kind) -> None:
    spec = spec_of((1, 28, 28), kind)
    game, batch = built(tiny(name), spec), batch_of(spec)
    for turn in game.turns(0, 0):
        player = game.players[turn.player]
        before = {k: b.clone() for k, b in player.named_buffers() if b.is_floating_point()}
        if set(take(game, turn, batch)) <= set(PENALTIES):
            continue  # nothing is made or shown for a slope
        assert not before or any(not torch.equal(b, dict(player.named_buffers())[k]) for k, b in before.items())


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_sampler_is_a_function_of_its_noise_and_what_it_is_told(name, kind, shape) -> None:
    spec = spec_of(shape, kind)
    game = settled(built(tiny(name), spec), batch_of(spec))
    sampler = game.sampler.eval()
    noise = sampler.noise(4, torch.Generator().manual_seed(7))
    assert torch.equal(noise, sampler.noise(4, torch.Generator().manual_seed(7)))
    told = batch_of(spec).condition
    with torch.no_grad():
        one, two = sampler(noise, told), sampler(noise, told)
        alone = sampler(noise[:1], None if told is None else told[:1])
    assert torch.equal(one, two)
    assert one.shape == (4, *shape)
    assert one.isfinite().all()
    torch.testing.assert_close(alone, one[:1], rtol=1e-3, atol=1e-4)  # a sample does not depend on its neighbours


@pytest.mark.parametrize("name", FROM_NOISE)
def test_a_class_changes_the_sample_where_the_model_takes_classes(name) -> None:
    spec = spec_of((1, 28, 28), "of three classes")
    game = settled(built(tiny(name), spec), batch_of(spec))
    noise = game.sampler.eval().noise(1, torch.Generator().manual_seed(7))
    with torch.no_grad():
        same = torch.equal(game.sampler(noise, torch.tensor([0])), game.sampler(noise, torch.tensor([2])))
    assert same == (name == "dcgan_article")


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_the_state_is_the_whole_of_a_game(name, kind) -> None:
    spec = spec_of((3, 32, 32), kind)
    batch = batch_of(spec)
    game = settled(built(tiny(name), spec), batch)
    torch.manual_seed(99)
    twin = tiny(name).build(spec)
    assert len({tensor.data_ptr() for tensor in game.state_dict().values() if tensor.numel()}) == len(
        [tensor for tensor in game.state_dict().values() if tensor.numel()]
    )  # nothing is kept twice
    twin.load_state_dict(game.state_dict())
    for ours, theirs in zip(game.turns(5, 3), twin.turns(5, 3), strict=True):
        one, two = take(game, ours, batch), take(twin, theirs, batch)
        assert all(torch.equal(price, two[term]) for term, price in one.items())
    noise = game.sampler.noise(2, torch.Generator().manual_seed(7))
    told = None if batch.condition is None else batch.condition[:2]
    with torch.no_grad():
        assert torch.equal(game.sampler.eval()(noise, told), twin.sampler.eval()(noise, told))


@pytest.mark.parametrize(("name", "kind"), SIMPLEST)
def test_chance_is_a_function_of_seed_and_step(name, kind) -> None:
    spec = spec_of((1, 28, 28), kind)
    batch = batch_of(spec)

    def paid(step: int, seed: int) -> list[float]:
        game = built(tiny(name), spec)
        return [sum(take(game, turn, batch).values()).item() for turn in game.turns(step, seed)]

    assert paid(3, 0) == paid(3, 0)
    if kind == "from noise":
        assert paid(3, 0) != paid(4, 0)
        assert paid(3, 0) != paid(3, 1)


@pytest.mark.parametrize("every", [1, 4])
@pytest.mark.parametrize("objective", sorted(LOSSES))
@pytest.mark.parametrize("name", FROM_NOISE)
def test_every_objective_with_every_penalty_is_finite(name, objective, every) -> None:
    spec = spec_of((1, 28, 28), "of three classes")
    stakes = {"objective": objective, **dict.fromkeys(PENALTY_NAMES, 1.0), "penalty_every": every}
    game, batch = built(tiny(name, stakes=stakes), spec), batch_of(spec, 2)
    seen = set()
    for turn in game.turns(0, 0):
        seen |= set(take(game, turn, batch))
        gradients = [p.grad for p in game.players[turn.player].parameters() if p.grad is not None]
        assert gradients
        assert all(gradient.isfinite().all() for gradient in gradients)
    assert {"adversarial", *PENALTY_NAMES} <= seen


@pytest.mark.parametrize("name", FROM_NOISE)
def test_penalties_see_through_every_augmentation(name) -> None:
    spec = spec_of((3, 32, 32))
    stakes = {"augment": registry.names("augment"), "r1": 1.0, "r2": 1.0, "augment_target": 0.6}
    game, batch = built(tiny(name, stakes=stakes), spec), batch_of(spec)
    game.pipeline.p.fill_(0.5)
    for turn in game.turns(0, 0):
        take(game, turn, batch)


@pytest.mark.parametrize("objective", sorted(LOSSES))
@pytest.mark.parametrize(("name", "kind"), [case for case in SIMPLEST if case[0] not in FROM_NOISE])
def test_a_translator_plays_for_every_objective(name, kind, objective) -> None:
    spec = spec_of((1, 28, 28), kind)
    game, batch = built(tiny(name, stakes={"objective": objective}), spec), batch_of(spec, 2)
    for turn in game.turns(0, 0):
        take(game, turn, batch)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_bfloat16_samples_and_stakes_are_finite(name, kind) -> None:
    spec = spec_of((1, 28, 28), kind)
    game, batch = built(tiny(name), spec), batch_of(spec)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        for turn in game.turns(0, 0):
            take(game, turn, batch)


@pytest.mark.parametrize("shape", [(3, 218, 178), (3, 30, 30), (64,), (3, 64, None)], ids=str)
@pytest.mark.parametrize("name", [name for name in FROM_NOISE if name != "custom"])
def test_a_shape_that_does_not_fit_is_an_error_that_helps(name, shape) -> None:
    with pytest.raises(SpecError, match=r"4 or 7 times a power of two.*codec\.size = \d+.*mintage models --fit"):
        tiny(name).build(spec_of(shape))


@pytest.mark.parametrize("shape", [(64,), (3, 64, None), (3, 31, 31)], ids=str)
@pytest.mark.parametrize(("name", "kind"), [case for case in SIMPLEST if case[0] not in FROM_NOISE])
def test_pictures_that_cannot_be_translated_are_an_error_that_helps(name, kind, shape) -> None:
    if name == "srgan" and shape == (3, 31, 31):
        return  # it takes any sides
    with pytest.raises(SpecError, match="mintage models --fit"):
        tiny(name).build(spec_of(shape, kind))


@pytest.mark.parametrize("name", [name for name in MODELS if name not in FROM_NOISE])
def test_a_translator_without_inputs_says_where_to_get_some(name) -> None:
    with pytest.raises(SpecError, match=r"data\.origin.*data\.degrade"):
        tiny(name).build(spec_of((3, 32, 32)))


@pytest.mark.parametrize("name", [name for name in MODELS if name != "custom"])
def test_integers_are_an_error(name) -> None:
    with pytest.raises(SpecError):
        tiny(name).build(DataSpec(x=TensorSpec(shape=(1, 28, 28), classes=256)))


@pytest.mark.parametrize("name", MODELS)
def test_habits_and_ladder_name_real_settings(name) -> None:
    cls = registry.find("models", name)
    TrainingSettings.read(cls.habits)
    assert cls.ladder
    images = [rung.images for rung in cls.ladder]
    assert images[0] == 0
    assert images == sorted(images)
    for rung in cls.ladder:
        assert isinstance(rung, Rung)
        tiny(name, **rung.settings)


@pytest.mark.parametrize("name", MODELS)
def test_every_setting_has_a_description(name) -> None:
    cls = registry.find("models", name)
    assert all(field.description for field in cls.model_fields.values())
    stakes = cls.model_fields["stakes"].default
    assert isinstance(stakes, Settings)
    assert isinstance(stakes, Stakes) == (name in FROM_NOISE)


@pytest.mark.parametrize(("name", "kind"), [case for case in SIMPLEST if case[0] != "custom"])
def test_a_generators_weights_are_plain_layers(name, kind) -> None:
    game = built(tiny(name), spec_of((1, 28, 28), kind))
    assert not any(nn.utils.parametrize.is_parametrized(m) for m in game.sampler.modules())  # exporters read them
