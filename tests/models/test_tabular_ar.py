"""What the autoregressive model of tables must do, and that it learns what columns have in common."""

from __future__ import annotations

import math

import pytest
import torch
from tests.models.test_table_gans import SPEC, batch
from torch import Tensor

from mintage.contracts import Batch, DataSpec, Stake, TensorSpec, Turn
from mintage.errors import SpecError
from mintage.games.any_order import AnyOrder
from mintage.models.tabular_ar import TabularAR
from mintage.numbers import Numbers
from mintage.records import FREE, Column
from mintage.training.settings import TrainingSettings
from mintage.training.update import PlainUpdate


def built(seed: int = 0) -> AnyOrder:
    torch.manual_seed(seed)
    return TabularAR(width=32, hidden=32).build(SPEC)


def trained(steps: int, size: int, sign: float = 1.0) -> AnyOrder:
    game = built()
    update = PlainUpdate(game, TrainingSettings.read({**TabularAR.habits, "batch": size}), Numbers(False, False))
    for step in range(steps):
        for turn in game.turns(step, 0):
            update(signed(turn, sign), [batch(size, step)])
    return game


def signed(turn: Turn, sign: float) -> Turn:
    return Turn(turn.player, lambda x: Stake({name: sign * price for name, price in turn.stake(x).pays.items()}))


def drawn(game: AnyOrder, n: int = 2_000) -> Tensor:
    sampler = game.sampler.eval()
    with torch.no_grad():
        return sampler(sampler.noise(n, torch.Generator().manual_seed(7)))


def agreement(made: Tensor) -> tuple[float, float]:
    """How often the group says the half, and in which ten the amount lies."""
    half = float(((made[:, 0] >= 2) == (made[:, 4] == 1)).float().mean())
    return half, float((made[:, 1] // 10 == made[:, 0]).float().mean())


def test_its_turn_moves_every_weight_of_its_player() -> None:
    game = built()
    torch.nn.init.normal_(game.sampler.network.outer)  # it begins at zero, and lets nothing through
    (turn,) = game.turns(0, 0)
    assert set(game.players) == {turn.player} == {"network"}
    sum(turn.stake(batch()).pays.values()).backward()
    assert all(
        weight.grad is not None and weight.grad.abs().sum() > 0 for weight in game.players["network"].parameters()
    )


def test_a_record_is_a_function_of_its_noise_alone() -> None:
    sampler = trained(3, 12).sampler.eval()
    noise = sampler.noise(6, torch.Generator().manual_seed(7))
    with torch.no_grad():
        one, alone = sampler(noise), torch.cat([sampler(row[None]) for row in noise])
    assert one.dtype == torch.int64
    assert torch.equal(one, sampler(noise))
    assert torch.equal(one, alone)
    assert (one >= 0).all()
    assert (one < torch.tensor([4, 40, FREE, FREE, 2])).all()


def test_the_state_is_the_whole_of_a_game() -> None:
    game, twin = trained(3, 12), built(99)
    twin.load_state_dict(game.state_dict())
    for ours, theirs in zip(game.turns(4, 3), twin.turns(4, 3), strict=True):
        assert torch.equal(ours.stake(batch()).pays["nats"], theirs.stake(batch()).pays["nats"])
    assert torch.equal(drawn(game, 9), drawn(twin, 9))


def test_what_is_no_table_is_an_error_that_helps() -> None:
    only_names = TensorSpec(shape=(1,), columns=(Column(name="n", kind="identifier", levels=(), free=1),))
    for spec in (TensorSpec(shape=(3, 32, 32)), only_names):
        with pytest.raises(SpecError, match="mintage models --fit"):
            TabularAR().build(DataSpec(x=spec))


def test_habits_and_ladder_name_real_settings() -> None:
    TrainingSettings.read(TabularAR.habits)
    for rung in TabularAR.ladder:
        TabularAR.read(rung.settings)
    assert all(field.description for field in TabularAR.model_fields.values())


def test_what_columns_have_in_common_is_learned_and_a_swapped_sign_unlearns_it() -> None:
    half, near = agreement(drawn(trained(120, 128)))
    assert half > 0.95  # 0.5 by columns drawn one by one
    assert near > 0.9  # 0.25 by columns drawn one by one
    half, near = agreement(drawn(trained(20, 128, sign=-1.0)))
    assert half < 0.6
    assert near < 0.4


def test_unseen_records_cost_what_there_is_to_know() -> None:
    cost = float(trained(150, 128).examine(Batch(batch(2_000, 999).x))["network/heldout"])
    assert cost == pytest.approx(math.log(40), rel=0.06)  # forty amounts say the rest
