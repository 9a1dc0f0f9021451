"""The game of records: it pays what a record costs in a drawn order, the same for any cut of the batch."""

from __future__ import annotations

import pytest
import torch
from tests.layers.test_column_network import COLUMNS, every_record, network

from mintage.contracts import Batch, Share
from mintage.games.any_order import EXAMINED, AnyOrder, drawn_orders
from mintage.seeding import generator


def game() -> AnyOrder:
    return AnyOrder(COLUMNS, network())


def paid(step: int = 0, seed: int = 0, batch: Batch | None = None) -> float:
    (turn,) = game().turns(step, seed)
    return float(turn.stake(batch or Batch(every_record())).pays["nats"].detach())


def test_orders_are_even() -> None:
    orders = drawn_orders(6_000, 3, torch.Generator().manual_seed(0)).argsort(1)
    counts = (orders * torch.tensor([9, 3, 1])).sum(1).unique(return_counts=True)[1]
    assert len(counts) == 6
    assert (counts - 1_000).abs().max() < 120  # four standard deviations


def test_it_pays_the_nats_of_the_drawn_orders() -> None:
    order = drawn_orders(24, 4, generator(3, 5, "order of columns"))
    with torch.no_grad():
        assert paid(5, 3) == pytest.approx(float(network()(every_record(), order).sum(1).mean()))


def test_chance_is_a_function_of_seed_and_step() -> None:
    assert paid(4, 0) == paid(4, 0)
    assert len({paid(4, 0), paid(5, 0), paid(4, 1)}) == 3


def test_a_cut_of_the_batch_pays_its_share() -> None:
    records = every_record()
    halves = [paid(batch=Batch(records[at : at + 12], share=Share(at, 24))) for at in (0, 12)]
    assert sum(halves) / 2 == pytest.approx(paid(), rel=1e-5)


def test_examining_is_without_chance_and_moves_nothing() -> None:
    one = game()
    before = {name: value.clone() for name, value in one.state_dict().items()}
    found = one.examine(Batch(every_record()))
    assert found["network/heldout"] == one.examine(Batch(every_record()))["network/heldout"]
    assert EXAMINED > 1
    assert all(torch.equal(value, before[name]) for name, value in one.state_dict().items())
    assert not found["network/heldout"].requires_grad
