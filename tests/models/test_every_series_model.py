"""What every registered model of series must do, found because its file exists."""

from __future__ import annotations

from collections.abc import Callable
from math import log, pi

import pytest
import torch
from torch import Tensor

from mintage import registry
from mintage.config import Settings
from mintage.contracts import Batch, DataSpec, Game, TensorSpec
from mintage.errors import ConfigError, SpecError
from mintage.layers.known import joined, until
from mintage.layers.turns import set_learning
from mintage.numbers import Numbers
from mintage.training.settings import TrainingSettings
from mintage.training.update import PlainUpdate

STEPS, VARIABLES = 24, 3
SPEC = DataSpec(x=TensorSpec(shape=(STEPS + 1, VARIABLES)))
TOLD = DataSpec(x=SPEC.x, condition=TensorSpec(shape=(2 * STEPS + 1, 1)))
TINY = {
    "series_ar": {"width": 16, "components": 3, "lags": 2, "half_lives": (1.0, 8.0)},
    "forgan": {"width": 16, "common": 3, "lags": 2, "half_lives": (1.0, 8.0), "places": 8},
    "quant_gan": {"width": 8, "common": 3, "depth": 3},
}


def tiny(name: str, **settings: object) -> object:
    return registry.find("models", name).read({**TINY.get(name, {}), **settings})


def fits(name: str) -> bool:
    try:
        tiny(name).build(SPEC)
    except (SpecError, ConfigError):
        return False
    return True


FORETELLERS = [name for name in registry.names("models") if fits(name)]
LIKELY = [name for name in FORETELLERS if hasattr(tiny(name).build(SPEC).sampler, "log_density")]
PLAYING = [name for name in FORETELLERS if name not in LIKELY]
each = pytest.mark.parametrize("name", FORETELLERS)
each_likely = pytest.mark.parametrize("name", LIKELY)
each_playing = pytest.mark.parametrize("name", PLAYING)


def windows(n: int = 16, step: int = 0) -> Tensor:
    """Two variables that move together with a volatility that lasts, and one that turns back."""
    rng = torch.Generator().manual_seed(step)
    drawn = torch.randn(n, STEPS, VARIABLES, generator=rng)
    wide = torch.where(torch.rand(n, 1, generator=rng) < 0.5, 0.3, 2.0)
    first = wide * drawn[..., 0]
    second = 0.9 * first + 0.3 * wide * drawn[..., 1]
    third = drawn[..., 2] - 0.9 * torch.cat([torch.zeros(n, 1), drawn[:, :-1, 2]], 1)
    return torch.cat([torch.zeros(n, 1, VARIABLES), torch.stack([first, second, third], 2)], 1)


def trained(name: str, steps: int = 3) -> tuple[Game, list[float]]:
    torch.manual_seed(0)
    game = tiny(name).build(SPEC)
    return game, learn(game, name, steps, lambda step: Batch(windows(step=step)))


def learn(game: Game, name: str, steps: int, batch: Callable[..., Batch]) -> list[float]:
    update = PlainUpdate(game, TrainingSettings.read({**registry.find("models", name).habits}), Numbers())
    costs = []
    for step in range(steps):
        for turn in game.turns(step, 0):
            if step % turn.every:
                continue
            for player, module in game.players.items():
                set_learning(module.parameters(), player == turn.player or player in turn.awake)
            costs.append(sum(price.item() for price in update(turn, [batch(step=step)]).pays.values()))
    return costs


def cost(game: Game, x: Tensor) -> Tensor:
    game.sampler.eval()
    with torch.no_grad():
        return -game.sampler.log_density(Batch(x))


@each_likely
def test_it_learns_the_volatility_the_company_and_the_turning_back(name: str) -> None:
    game, _ = trained(name, 150)
    told = cost(game, windows(256, 999))[:, 12:].mean((0, 1))
    alone = 0.5 * (log(2 * pi) + 1)  # nats of a normal law of width 1
    wide = (log(0.3) + log(2.0)) / 2
    assert told[0] < alone + wide + 0.12  # as if it knew how wide
    assert told[1] < alone + wide + log(0.3) + 0.2  # and what the first did
    assert told[2] < alone + 0.15  # and the last surprise


def told_windows(n: int = 16, step: int = 0) -> Batch:
    """Windows whose first variable does what is known of its row beforehand, with a little noise."""
    rng = torch.Generator().manual_seed(step)
    known = torch.randint(0, 2, (n, 2 * STEPS + 1, 1), generator=rng) * 2.0 - 1
    x = 0.3 * torch.randn(n, STEPS + 1, VARIABLES, generator=rng)
    x[:, 1:, 0] += 2 * known[:, 1 : STEPS + 1, 0]
    return Batch(x, known)


@pytest.mark.parametrize("name", [one for one in FORETELLERS if one != "quant_gan"])  # which is told nothing
def test_it_learns_what_is_known_beforehand_and_paths_follow_it(name: str) -> None:
    torch.manual_seed(0)
    game = tiny(name).build(TOLD)
    learn(game, name, 120, told_windows)
    batch, sampler = told_windows(64, 999), game.sampler.eval()
    with torch.no_grad():
        noise = sampler.path_noise(64, 1, torch.Generator().manual_seed(0))
        made = sampler(noise, until(batch.x, batch.condition, 1))[:, 0, 0]
        windows = sampler(sampler.noise(8, torch.Generator().manual_seed(0)))
    assert torch.corrcoef(torch.stack([made, batch.condition[:, STEPS, 0]]))[0, 1] > 0.8
    assert windows.shape == (8, STEPS + 1, VARIABLES)
    assert windows[:, 1:, 0].abs().mean() > 2 * windows[:, 1:, 1].abs().mean()  # told what came after windows


@each
def test_told_or_not_a_model_goes_on_from_a_history(name: str) -> None:
    sampler = tiny(name).build(TOLD).sampler.eval()
    batch = told_windows(3)
    with torch.no_grad():
        noise = sampler.path_noise(3, STEPS, torch.Generator().manual_seed(0))
        assert sampler(noise, joined(batch.x, batch.condition)).shape == (3, STEPS, VARIABLES)


@each_likely
def test_it_sees_nothing_of_what_is_to_come(name: str) -> None:
    game, x = trained(name)[0], windows()
    changed = x.clone()
    changed[:, 13:] += 1
    changed[:, 12, 2] += 1  # the last variable of a step is not known to the first ones
    one, two = cost(game, x), cost(game, changed)
    torch.testing.assert_close(one[:, :11], two[:, :11])
    torch.testing.assert_close(one[:, 11, :2], two[:, 11, :2])
    assert not torch.equal(one[:, 11, 2], two[:, 11, 2])


@each
def test_paths_are_a_function_of_noise_and_of_history(name: str) -> None:
    sampler = trained(name)[0].sampler.eval()
    noise = sampler.noise(4, torch.Generator().manual_seed(7))
    with torch.no_grad():
        made = sampler(noise)
        assert torch.equal(made, sampler(noise))
        torch.testing.assert_close(sampler(noise[:1]), made[:1])
        chance = sampler.path_noise(4, 5, torch.Generator().manual_seed(8))
        on, other = sampler(chance, windows(4)), sampler(chance, 3 * windows(4))
        torch.testing.assert_close(sampler(chance[1:2], windows(4)[1:2]), on[1:2])
        torch.testing.assert_close(sampler(chance, windows(1)), sampler(chance, windows(1).expand(4, -1, -1)))
        torch.testing.assert_close(sampler(chance[:, :2], windows(4)), on[:, :2])  # chance of later steps is not seen
    assert made.shape == (4, STEPS + 1, VARIABLES)
    assert on.shape == (4, 5, VARIABLES)
    assert made.isfinite().all()
    assert not torch.equal(on, other)


@each_likely
def test_what_it_draws_is_as_likely_as_it_says(name: str) -> None:
    game, _ = trained(name, 60)
    sampler = game.sampler.eval()
    history = windows(1, 5).expand(400, -1, -1)
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        drawn = sampler(torch.randn(400, 1, VARIABLES, 2, generator=rng), history)
        said = cost(game, torch.cat([history, drawn], 1))[:, -1]
        other = cost(game, torch.cat([history, 3 * drawn], 1))[:, -1]
    grid = torch.linspace(-15, 15, 3_001)
    with torch.no_grad():
        line = torch.cat([history[:1].expand(3_001, -1, -1), torch.zeros(3_001, 1, VARIABLES)], 1)
        line[:, -1, 0] = grid
        density = (-cost(game, line)[:, -1, 0]).exp()
    assert torch.trapezoid(density, grid) == pytest.approx(1, abs=0.02)
    mean = torch.trapezoid(density * grid, grid)
    spread = torch.trapezoid(density * (grid - mean) ** 2, grid).sqrt()
    assert drawn[:, 0, 0].mean() == pytest.approx(float(mean), abs=4 * float(spread) / 20)
    assert drawn[:, 0, 0].std() == pytest.approx(float(spread), rel=0.2)
    assert said.mean() < other.mean()


@each
def test_a_turn_moves_its_player_and_examining_nothing(name: str) -> None:
    game, _ = trained(name)
    before = {key: value.clone() for key, value in game.state_dict().items()}
    assert all(value.isfinite() for value in game.examine(Batch(windows())).values())
    assert all(torch.equal(value, before[key]) for key, value in game.state_dict().items())
    torch.manual_seed(99)
    twin = tiny(name).build(SPEC)
    twin.load_state_dict(game.state_dict())
    noise = game.sampler.noise(2, torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(twin.sampler.eval()(noise), game.sampler.eval()(noise))
        torch.testing.assert_close(twin.examine(Batch(windows())), game.examine(Batch(windows())))


@each_playing
def test_each_turn_moves_its_own_player(name: str) -> None:
    game, _ = trained(name)
    update = PlainUpdate(game, TrainingSettings.read({**registry.find("models", name).habits}), Numbers())
    for turn in game.turns(0, 0):
        for player, module in game.players.items():
            set_learning(module.parameters(), player == turn.player or player in turn.awake)
        before = {key: [p.clone() for p in module.parameters()] for key, module in game.players.items()}
        update(turn, [Batch(windows())])
        for key, module in game.players.items():
            moved = any(not torch.equal(p, q) for p, q in zip(module.parameters(), before[key], strict=True))
            assert moved == (key == turn.player), (key, turn.player)


@each_playing
def test_its_paths_spread_and_go_together_as_real_ones_do(name: str) -> None:
    sampler = trained(name, 120)[0].sampler.eval()
    histories = windows(400, 5)[:, :-1]
    wide = histories[:, 1:, 0].abs().mean(1) > 1
    with torch.no_grad():
        drawn = sampler(sampler.path_noise(400, 1, torch.Generator().manual_seed(0)), histories)[:, 0]
    assert drawn[wide, 0].std() > 2 * drawn[~wide, 0].std()  # in truth 6.7 times
    assert torch.corrcoef(drawn[wide].T)[0, 1] > 0.7  # in truth 0.95


@each
def test_every_setting_has_a_description_and_habits_name_real_ones(name: str) -> None:
    cls = registry.find("models", name)
    assert issubclass(cls, Settings)
    assert all(field.description for field in cls.model_fields.values())
    TrainingSettings.read(cls.habits)
    for rung in cls.ladder:
        tiny(name, **rung.settings)


@each
@pytest.mark.parametrize(
    "spec", [TensorSpec(shape=(1, 28, 28)), TensorSpec(shape=(9, 2), classes=5), TensorSpec(shape=(None, 2))], ids=str
)
def test_other_data_is_an_error_that_helps(name: str, spec: TensorSpec) -> None:
    with pytest.raises(SpecError, match="mintage models --fit"):
        tiny(name).build(DataSpec(x=spec))


@each
def test_one_variable_is_enough(name: str) -> None:
    game = tiny(name).build(DataSpec(x=TensorSpec(shape=(STEPS + 1, 1))))
    one = Batch(windows()[..., :1])
    assert all(value.isfinite().all() for value in game.examine(one).values())
    chance = game.sampler.path_noise(3, 4, torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert game.sampler.eval()(chance, one.x[:3]).shape == (3, 4, 1)
