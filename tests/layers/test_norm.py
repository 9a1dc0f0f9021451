"""Batch norm is torch's in numbers, keeps to its turn, and counts over processes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import Tensor, nn

from mintage.layers.norm import BatchNorm
from mintage.layers.turns import set_learning


def batch(n: int = 8) -> Tensor:
    return torch.randn(n, 3, 4, 4, generator=torch.Generator().manual_seed(0)) * 2 + 1


def test_in_its_turn_it_is_torchs_batch_norm() -> None:
    ours, torchs = BatchNorm(3), nn.BatchNorm2d(3)
    for _ in range(3):
        torch.testing.assert_close(ours(batch()), torchs(batch()))
    torch.testing.assert_close(ours.running_mean, torchs.running_mean)
    torch.testing.assert_close(ours.running_var, torchs.running_var)
    torch.testing.assert_close(ours.eval()(batch()), torchs.eval()(batch()))


@pytest.mark.parametrize("way", ["frozen", "without gradients"])
def test_in_anothers_turn_its_moments_rest(way) -> None:
    norm = BatchNorm(3)
    set_learning(norm.parameters(), way != "frozen")
    with torch.set_grad_enabled(way == "frozen"):
        made = norm(batch())
    torch.testing.assert_close(made.mean((0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    assert torch.equal(norm.running_mean, torch.zeros(3))
    assert torch.equal(norm.running_var, torch.ones(3))


def _half(rank: int, place: str) -> None:
    dist.init_process_group("gloo", init_method=f"file://{place}/meet", rank=rank, world_size=2)
    torch.set_num_threads(1)
    norm = BatchNorm(3)
    x = batch()[rank * 4 : rank * 4 + 4].requires_grad_()
    made = norm(x)
    made.pow(3).mean().backward()
    torch.save([made.detach(), x.grad, norm.running_mean, norm.running_var, norm.weight.grad], f"{place}/{rank}.pt")
    dist.destroy_process_group()


def test_two_processes_have_the_moments_and_gradients_of_one(tmp_path: Path) -> None:
    norm, x = BatchNorm(3), batch().requires_grad_()
    made = norm(x)
    made.pow(3).mean().backward()
    mp.spawn(_half, (str(tmp_path),), 2)
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in range(2))
    close = {"rtol": 1e-4, "atol": 1e-5}
    torch.testing.assert_close(torch.cat([first[0], second[0]]), made.detach(), **close)
    torch.testing.assert_close(torch.cat([first[1], second[1]]) / 2, x.grad, **close)  # each is of its own mean
    for one in (first, second):
        torch.testing.assert_close(one[2], norm.running_mean, **close)
        torch.testing.assert_close(one[3], norm.running_var, **close)
    torch.testing.assert_close((first[4] + second[4]) / 2, norm.weight.grad, **close)
