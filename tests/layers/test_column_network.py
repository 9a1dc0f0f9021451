"""Likelihoods of records are likelihoods: in every order they sum to one, and each sees what stands before it alone."""

from __future__ import annotations

from itertools import permutations, product

import pytest
import torch
from torch import Tensor

from mintage.layers import column_network
from mintage.layers.column_network import ColumnNetwork, Positions
from mintage.records import Column

COLUMNS = (
    Column(name="a", kind="category", levels=(3,), weights=(0.5, 0.3, 0.2)),
    Column(name="id", kind="identifier", levels=(), free=1),
    Column(name="b", kind="number", levels=(2, 2), free=1, values=(0.0, 1.0), weights=(0.5, 0.5)),
    Column(name="c", kind="boolean", levels=(2,), weights=(0.9, 0.1)),
)
ORDERS = list(permutations(range(4)))


def network(columns: tuple[Column, ...] = COLUMNS, scale: float = 1.0) -> ColumnNetwork:
    """One with weights of some size, so that columns depend on each other."""
    torch.manual_seed(0)
    made = ColumnNetwork(columns, 8, 8)
    with torch.no_grad():
        for weight in made.parameters():
            weight.add_(scale * torch.randn_like(weight))
    return made.eval()


def every_record() -> Tensor:
    """(24, 6): a, id, b, b's finer code, b's free place, c."""
    return torch.tensor([(a, 7, b, finer, 9, c) for a, b, finer, c in product(range(3), range(2), range(2), range(2))])


def ordered(order: tuple[int, ...], rows: int) -> Tensor:
    ranks = torch.empty(4)
    ranks[list(order)] = torch.arange(4.0)
    return ranks.expand(rows, 4)


def test_positions_are_those_of_learned_codes() -> None:
    positions = Positions(COLUMNS)
    assert positions.place == [0, 2, 3, 5]
    assert positions.column == [0, 2, 2, 3]
    assert positions.levels == [3, 2, 2, 2]
    assert positions.inside == [0, 0, 1, 0]
    assert positions.free == [1, 4]
    assert (positions.width, len(positions)) == (6, 4)


@pytest.mark.parametrize("order", ORDERS[::3])
def test_over_all_records_the_likelihoods_of_an_order_sum_to_one(order: tuple[int, ...]) -> None:
    records = every_record()
    with torch.no_grad():
        nats = network()(records, ordered(order, len(records)))
    assert nats.shape == (24, 4)
    assert float((-nats.double().sum(1)).exp().sum()) == pytest.approx(1, abs=1e-5)


def test_a_position_sees_what_comes_before_it_and_nothing_else() -> None:
    net, records = network(), every_record()[:1].expand(3, 6).clone()
    records[1, 5], records[2, 0] = 1, 2  # c and a changed
    with torch.no_grad():
        nats = net(records, ordered((0, 1, 2, 3), 3))  # a, b, c
    assert torch.equal(nats[0, :3], nats[1, :3])  # c comes last
    assert not torch.isclose(nats[0, 1], nats[2, 1])
    assert not torch.isclose(nats[0, 3], nats[2, 3])


def test_free_codes_are_never_looked_at() -> None:
    records = every_record()
    other = records.clone()
    other[:, [1, 4]] = torch.randint(60_000, (24, 2))
    with torch.no_grad():
        assert torch.equal(network()(records, ordered(ORDERS[5], 24)), network()(other, ordered(ORDERS[5], 24)))


def test_the_order_of_what_is_known_does_not_matter() -> None:
    records, net = every_record(), network()
    with torch.no_grad():
        one, two = (net(records, ordered(order, 24))[:, 3] for order in ((0, 1, 2, 3), (2, 0, 1, 3)))
    torch.testing.assert_close(one, two)


def test_a_fresh_network_knows_the_shares_of_levels() -> None:
    torch.manual_seed(0)
    with torch.no_grad():
        nats = ColumnNetwork(COLUMNS, 8, 8)(every_record(), ordered(ORDERS[0], 24))
    torch.testing.assert_close((-nats[:, 0]).exp(), torch.tensor(COLUMNS[0].weights)[every_record()[:, 0]])
    torch.testing.assert_close((-nats[:, 3]).exp(), torch.tensor(COLUMNS[3].weights)[every_record()[:, 5]])


def test_records_that_share_an_order_cost_what_they_cost_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    net, records = network(), every_record()
    order = torch.rand(3, 4, generator=torch.Generator().manual_seed(1)).repeat_interleave(8, 0)
    with torch.no_grad():
        alone = net(records, order)
        monkeypatch.setattr(column_network, "_GROUPED", 3 * 16)  # groups of eight
        together = net(records, order)
    torch.testing.assert_close(together, alone)


def test_dropout_is_of_training_alone() -> None:
    torch.manual_seed(0)
    net = ColumnNetwork(COLUMNS, 8, 8, dropout=0.5)
    torch.nn.init.normal_(net.outer)
    order = ordered(ORDERS[0], 24)
    assert not torch.equal(net(every_record(), order), net(every_record(), order))
    net.eval()
    assert torch.equal(net(every_record(), order), net(every_record(), order))
