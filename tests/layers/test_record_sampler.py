"""What is drawn has the distribution that the likelihood says; what is known is kept, what is barred never made."""

from __future__ import annotations

import pytest
import torch
from tests.layers.test_column_network import COLUMNS, every_record, network, ordered
from torch import Tensor

from mintage.layers.record_sampler import UNKNOWN, RecordSampler
from mintage.records import FREE, Column

LEARNED = [0, 2, 3, 5]


def sampler() -> RecordSampler:
    return RecordSampler(COLUMNS, network(scale=0.5))


def chance(n: int, seed: int = 0) -> Tensor:
    return sampler().noise(n, torch.Generator().manual_seed(seed))


def shares(codes: Tensor) -> Tensor:
    """How often each of all records was drawn. Shape: (n, 6) -> (24,)."""
    a, b, finer, c = codes[:, LEARNED].unbind(1)
    return torch.bincount(((a * 2 + b) * 2 + finer) * 2 + c, minlength=24) / len(codes)


def likely(order: tuple[int, ...] = (0, 1, 2, 3)) -> Tensor:
    with torch.no_grad():
        return (-sampler().network(every_record(), ordered(order, 24)).sum(1)).exp()


def far(one: Tensor, two: Tensor) -> float:
    return float((one - two).abs().sum() / 2)


@torch.no_grad()
def test_records_come_as_often_as_they_are_likely() -> None:
    drawn = sampler()(chance(20_000))
    assert far(shares(drawn), likely()) < 0.02
    assert far(shares(drawn), likely().flip(0)) > 0.2  # the test can fail


@torch.no_grad()
def test_what_is_known_is_kept_and_the_rest_follows_from_it() -> None:
    known = torch.full((20_000, 6), UNKNOWN)
    known[:, 5], known[:, 4] = 1, 77
    drawn = sampler()(chance(20_000), known)
    assert drawn[:, 5].eq(1).all()
    assert drawn[:, 4].eq(77).all()
    given = likely((3, 0, 1, 2)) * every_record()[:, 5]  # c stands first
    assert far(shares(drawn), given / given.sum()) < 0.02


@torch.no_grad()
def test_rows_may_know_different_codes() -> None:
    known = torch.full((4, 6), UNKNOWN)
    known[0, 0], known[1, 2:4], known[2] = 2, 1, torch.tensor([1, 5, 0, 1, 6, 1])
    drawn = sampler()(chance(4), known)
    asked = known != UNKNOWN
    assert torch.equal(drawn[asked], known[asked])
    alone = torch.cat([sampler()(chance(4)[row, None], known[row, None]) for row in range(4)])
    assert torch.equal(drawn, alone)


@torch.no_grad()
def test_only_allowed_codes_are_drawn_and_kept_by_what_they_weigh_they_are_as_likely_as_among_all() -> None:
    allowed = {0: torch.tensor([True, False, True]), 3: torch.tensor([False, True])}
    noise = chance(60_000)
    made, chances = sampler().draw(noise, allowed=allowed, only=list(allowed))
    assert set(made[:, 0].tolist()) == {0, 2}
    assert made[:, 5].eq(1).all()
    assert made[:, [1, 2, 3, 4]].eq(UNKNOWN).all()
    weight = chances[:, 1:].sum(1)
    kept = torch.rand(len(made), generator=torch.Generator().manual_seed(9)).log() < weight - weight.max()
    drawn = sampler()(noise[kept], made[kept])
    order = (0, 3, 1, 2)  # as they were drawn: a, c, then b
    meant = likely(order) * every_record()[:, 0].ne(1) * every_record()[:, 5]
    assert far(shares(drawn), meant / meant.sum()) < 0.02
    unweighed = sampler()(noise, made)
    assert far(shares(unweighed), meant / meant.sum()) > 0.03  # what weighing is for


@torch.no_grad()
def test_a_code_that_must_never_be_made_is_not() -> None:
    columns = (Column(name="w", kind="category", levels=(3,), weights=(0.1, 0.1, 0.8), never=(2,)), *COLUMNS[1:])
    net = network(columns, scale=0.5)
    noise = chance(2_000)
    noise[:3, 0] = torch.tensor([0.0, 1 - 2.0**-24, 0.999999])  # the ends of chance
    free = RecordSampler(columns, net)
    assert set(free(noise)[:, 0].tolist()) == {0, 1}
    known = torch.full((2_000, 6), UNKNOWN)
    known[:, 0] = 2
    assert free(noise, known)[:, 0].eq(2).all()  # what is there stays
    nothing = free.draw(noise, allowed={0: torch.tensor([True, False, False])})[0]
    assert nothing[:, 0].eq(0).all()


@torch.no_grad()
def test_free_places_are_drawn_evenly_from_their_chance() -> None:
    drawn = sampler()(chance(4_000))
    for place in (1, 4):
        assert 0 <= int(drawn[:, place].min()) < int(drawn[:, place].max()) < FREE
        assert float(drawn[:, place].double().mean()) == pytest.approx(FREE / 2, rel=0.03)
        assert torch.equal(drawn[:, place], (chance(4_000)[:, place] * FREE).long())


@torch.no_grad()
def test_more_chance_is_a_later_code() -> None:
    noise = chance(1).repeat(50, 1)
    noise[:, 0] = torch.linspace(0, 0.999, 50)
    codes = sampler()(noise)[:, 0]
    assert (codes.diff() >= 0).all()
    assert codes[0] < codes[-1]


@torch.no_grad()
def test_heat_goes_from_the_likeliest_to_anything() -> None:
    cold = sampler().draw(chance(500), temperature=0.0)[0]
    assert (cold[:, LEARNED] == cold[0, LEARNED]).all()
    hot = sampler().draw(chance(20_000), temperature=1e6)[0]
    assert far(shares(hot), torch.full((24,), 1 / 24)) < 0.03
