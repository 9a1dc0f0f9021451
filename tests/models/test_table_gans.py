"""What adversarial models of tables must do, and that they learn what columns have in common."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mintage import registry
from mintage.contracts import Batch, DataSpec, Game, TensorSpec, Turn
from mintage.errors import SpecError
from mintage.layers.turns import set_learning
from mintage.numbers import Numbers
from mintage.objectives.adversarial import LOSSES
from mintage.objectives.pairs import pair_distance
from mintage.records import FREE, Column
from mintage.training.settings import TrainingSettings
from mintage.training.update import PlainUpdate

VALUES = tuple(float(v) for v in range(40))
EVEN = (1 / 40,) * 40
SPEC = DataSpec(
    x=TensorSpec(
        shape=(5,),
        columns=(
            Column(name="group", kind="category", levels=(4,), weights=(0.25,) * 4),
            Column(name="amount", kind="number", levels=(40,), free=1, values=VALUES, weights=EVEN),
            Column(name="name", kind="identifier", levels=(), free=1),
            Column(name="half", kind="boolean", levels=(2,), weights=(0.5, 0.5)),
        ),
    )
)
NUMBERS_ONLY = DataSpec(x=TensorSpec(shape=(2,), columns=(SPEC.x.columns[1],)))
TINY = {
    "ctgan": {"width": 32, "latent_dim": 16, "pack": 2, "dropout": 0.0},
    "tabular_gan": {"width": 32, "latent_dim": 8},
}
NAMES = sorted(TINY)
each = pytest.mark.parametrize("name", NAMES)


def tiny(name: str, **settings: object) -> object:
    return registry.find("models", name).read({**TINY[name], **settings})


def built(name: str, spec: DataSpec = SPEC, **settings: object) -> Game:
    torch.manual_seed(0)
    return tiny(name, **settings).build(spec)


def batch(n: int = 12, seed: int = 1) -> Batch:
    """The group says in which ten of forty the amount lies, and both say the half."""
    rng = torch.Generator().manual_seed(seed)
    group = torch.randint(4, (n,), generator=rng)
    amount = 10 * group + torch.randint(10, (n,), generator=rng)
    free = torch.randint(FREE, (2, n), generator=rng)
    return Batch(torch.stack([group, amount, free[0], free[1], (group >= 2).long()], 1))


def take(game: Game, turn: Turn, records: Batch) -> dict[str, Tensor]:
    for name, player in game.players.items():
        player.zero_grad(set_to_none=True)
        set_learning(player.parameters(), name == turn.player)
    torch.manual_seed(0)
    pays = turn.stake(records).pays
    assert all(price.ndim == 0 and price.isfinite() for price in pays.values()), pays
    torch.stack(list(pays.values())).sum().backward()
    return dict(pays)


def trained(name: str, steps: int, size: int, **settings: object) -> Game:
    game = built(name, **settings)
    habits = {**registry.find("models", name).habits, "batch": size}
    update = PlainUpdate(game, TrainingSettings.read(habits | {"lr": 2e-3}), Numbers(False, False))
    for step in range(steps):
        for turn in game.turns(step, 0):
            if step % turn.every == 0:
                torch.manual_seed(step)
                update(turn, [batch(size, step)])
    return game


def drawn(game: Game, n: int = 2_000) -> Tensor:
    sampler = game.sampler.eval()
    with torch.no_grad():
        return sampler(sampler.noise(n, torch.Generator().manual_seed(7)))


@each
def test_each_turn_moves_its_own_player_and_nobody_else(name: str) -> None:
    game = built(name)
    assert {turn.player for turn in game.turns(0, 0)} == set(game.players)
    for turn in game.turns(0, 0):
        buffers = {n: {k: b.clone() for k, b in p.named_buffers()} for n, p in game.players.items()}
        take(game, turn, batch())
        for player_name, player in game.players.items():
            moves = [p.grad is not None for p in player.parameters()]
            assert all(moves) if player_name == turn.player else not any(moves)
            if player_name != turn.player:
                assert all(torch.equal(b, buffers[player_name][k]) for k, b in player.named_buffers())


@each
def test_a_record_is_a_function_of_its_noise_alone(name: str) -> None:
    game = trained(name, 3, 12)
    sampler = game.sampler.eval()
    noise = sampler.noise(6, torch.Generator().manual_seed(7))
    with torch.no_grad():
        one, alone = sampler(noise), torch.cat([sampler(row[None]) for row in noise])
    assert one.dtype == torch.int64
    assert torch.equal(one, sampler(noise))
    assert torch.equal(one, alone)
    assert (one >= 0).all()
    assert (one < torch.tensor([4, 40, FREE, FREE, 2])).all()


@each
def test_the_state_is_the_whole_of_a_game(name: str) -> None:
    game = trained(name, 3, 12)
    torch.manual_seed(99)
    twin = tiny(name).build(SPEC)
    twin.load_state_dict(game.state_dict())
    for ours, theirs in zip(game.turns(4, 3), twin.turns(4, 3), strict=True):
        one, two = take(game, ours, batch()), take(twin, theirs, batch())
        assert all(torch.equal(price, two[term]) for term, price in one.items())
    assert torch.equal(drawn(game, 9), drawn(twin, 9))


@each
def test_chance_is_a_function_of_seed_and_step(name: str) -> None:
    def paid(step: int, seed: int) -> list[float]:
        game = trained(name, 2, 12)
        return [sum(take(game, turn, batch()).values()).item() for turn in game.turns(step, seed)]

    assert paid(4, 0) == paid(4, 0)
    assert paid(4, 0) != paid(8, 0)
    assert paid(4, 0) != paid(4, 1)


@each
@pytest.mark.parametrize("objective", sorted(LOSSES))
def test_every_objective_with_every_penalty_is_finite_for_any_batch(name: str, objective: str) -> None:
    stakes = {"objective": objective, "r1": 1, "r2": 1, "gradient_penalty": 1, "asked_weight": 1, "pairs_weight": 1}
    game = built(name, stakes=stakes)
    for size in (2, 5):
        for turn in game.turns(0, 0):
            take(game, turn, batch(size))
    assert game.examine(batch())["discriminator/heldout"].isfinite()


@each
def test_numbers_alone_are_a_table_too(name: str) -> None:
    game, records = built(name, NUMBERS_ONLY), Batch(batch().x[:, 1:3])
    for turn in game.turns(0, 0):
        take(game, turn, records)
    assert drawn(game, 5).shape == (5, 2)


@each
def test_pictures_are_an_error_that_helps(name: str) -> None:
    with pytest.raises(SpecError, match="mintage models --fit"):
        tiny(name).build(DataSpec(x=TensorSpec(shape=(3, 32, 32))))


@each
def test_habits_and_ladder_name_real_settings(name: str) -> None:
    cls = registry.find("models", name)
    TrainingSettings.read(cls.habits)
    for rung in cls.ladder:
        tiny(name, **rung.settings)
    assert all(field.description for field in cls.model_fields.values())


def test_ctgan_asks_evenly_by_the_logarithm_in_training_and_as_often_as_the_data_in_drawing() -> None:
    records = torch.zeros(1_000, 5, dtype=torch.int64)
    records[:10, 0] = 3  # one in a hundred
    asking = built("ctgan").sampler.asking
    chance = torch.rand(4_000, 2, generator=torch.Generator().manual_seed(0))
    rows, asked = asking.of_batch(records, chance)
    group = asked[:, :4].sum(1) > 0
    share = float((records[rows[group], 0] == 3).float().mean())
    assert share == pytest.approx(2.40 / (2.40 + 6.90), abs=0.03)  # log 11 and log 991
    assert torch.equal(asked[group, :4].argmax(1), records[rows[group], 0])
    often = asking.as_in_the_data(chance)
    assert often.sum(1).eq(1).all()
    torch.testing.assert_close(often.mean(0), torch.tensor([0.125] * 4 + [0.25] * 2), atol=0.03, rtol=0)


def test_pairs_of_one_distribution_are_no_distance_apart_and_of_two_are() -> None:
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(4_000, 3, generator=rng)
    alike = torch.stack([pair_distance(a, b) for a, b in zip(x[:2_000].split(20), x[2_000:].split(20), strict=True)])
    assert abs(float(alike.mean())) < 2 * float(alike.std()) / len(alike) ** 0.5 + 1e-3  # unbiased
    assert pair_distance(x[:2_000], x[2_000:] @ torch.ones(3, 3)) > 1


@pytest.mark.parametrize(("name", "steps", "size"), [("ctgan", 400, 200), ("tabular_gan", 300, 128)])
def test_what_columns_have_in_common_is_learned(name: str, steps: int, size: int) -> None:
    made = drawn(trained(name, steps, size, stakes={"pairs_weight": 0}))  # by its adversary alone
    agrees = float(((made[:, 0] >= 2) == (made[:, 4] == 1)).float().mean())
    near = float((made[:, 1] // 10 == made[:, 0]).float().mean())
    assert agrees > 0.75  # 0.5 by columns drawn one by one; a generator that flees the real ones falls below
    assert near > 0.4  # 0.25 by columns drawn one by one
    assert made[:, 0].bincount(minlength=4).min() > 100  # every group is made
