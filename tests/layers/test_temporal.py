"""Temporal convolutions and shocks: read on or at once it is the same, and tails are as heavy as they say."""

from __future__ import annotations

import torch

from mintage.layers.shocks import Shocks, heavy
from mintage.layers.temporal import Temporal


def test_reading_on_is_reading_all_at_once_and_never_ahead() -> None:
    torch.manual_seed(0)
    net, x = Temporal(3, width=5, depth=3), torch.randn(2, 30, 4, 3)
    whole = net(x)
    seen = net.nothing(x, 4)
    parts = []
    for part in x.split((7, 1, 22), 1):
        out, seen = net.read(part, seen)
        parts.append(out)
    torch.testing.assert_close(torch.cat(parts, 1), whole)
    torch.testing.assert_close(seen.last, whole[:, -1])
    later = x.clone()
    later[:, 20:] += 1
    torch.testing.assert_close(net(later)[:, :20], whole[:, :20])


def test_one_history_serves_many_rows_and_none_sees_beyond_its_reach() -> None:
    torch.manual_seed(0)
    net, history, x = Temporal(3, width=5, depth=3), torch.randn(1, 40, 2, 3), torch.randn(6, 4, 2, 3)
    assert net.reach == 14
    _, seen = net.read(history, net.nothing(history, 2))
    on = net.read(x, seen)[0]
    each = net(torch.cat([history.expand(6, -1, -1, -1), x], 1))[:, -4:]
    torch.testing.assert_close(on, each)
    far = history.clone()
    far[:, : 40 - net.reach] = 9.0
    torch.testing.assert_close(net.read(x, net.read(far, net.nothing(far, 2))[1])[0], on)


def test_tails_thin_out_as_a_power_and_the_middle_stays() -> None:
    u = torch.randn(400_000, generator=torch.Generator().manual_seed(0))
    drawn = heavy(u, torch.tensor(0.25))
    ordered = drawn.abs().sort(descending=True).values
    hill = 1 / (ordered[:800] / ordered[800]).log().mean()  # the tail index is 1 / weight
    assert 3 < hill < 5.5
    assert abs(float(drawn.median())) < 0.01
    torch.testing.assert_close(heavy(u, torch.tensor(0.0)), u)


def test_shocks_begin_as_normal_numbers_of_each_variable() -> None:
    torch.manual_seed(0)
    shocks = Shocks(3, width=6, common=2)
    noise = torch.randn(20_000, 5)
    with torch.no_grad():
        moves = shocks(shocks.mixed(noise), torch.zeros(20_000, 3, 6))
    assert 0.8 < float(moves.std()) < 1.6
    assert torch.corrcoef(moves.T).fill_diagonal_(0).abs().max() < 0.2
