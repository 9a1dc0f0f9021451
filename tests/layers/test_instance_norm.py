"""Instance normalisation equals torch's in every memory order and derivative, and holds moments only while told."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mintage.layers.instance_norm import InstanceNorm, held_moments

ORDERS = (torch.contiguous_format, torch.channels_last)


def derivatives(norm, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The value, the slope of a function of it, and the slope of that slope's square."""
    x = x.detach().requires_grad_()
    y = norm(x)
    (slope,) = torch.autograd.grad((y.sin() * y).sum(), x, create_graph=True)
    (curve,) = torch.autograd.grad(slope.square().sum(), x)
    return y.detach(), slope.detach(), curve


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("shape", [(1, 3, 8, 12), (3, 8, 16, 16), (2, 1, 5, 7), (1, 2, 264, 256)])
def test_values_and_both_derivatives_are_those_of_torch(shape, order) -> None:
    x = (2 * torch.randn(shape, generator=torch.Generator().manual_seed(0)) + 1).contiguous(memory_format=order)
    found = derivatives(InstanceNorm(shape[1]), x)
    wanted = derivatives(F.instance_norm, x.double())
    for ours, theirs in zip(found, wanted, strict=True):
        torch.testing.assert_close(ours.double(), theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("shape", [(2, 8, 16, 16), (1, 2, 264, 256)])
def test_the_memory_order_is_kept(shape, order) -> None:
    x = torch.randn(shape).contiguous(memory_format=order)
    assert InstanceNorm(shape[1])(x).stride() == x.stride()


@pytest.mark.parametrize("order", ORDERS)
def test_a_picture_does_not_depend_on_its_neighbours(order) -> None:
    x = torch.randn(4, 8, 16, 16).contiguous(memory_format=order)
    norm = InstanceNorm(8)
    torch.testing.assert_close(norm(x)[2:3], norm(x[2:3]), rtol=0, atol=1e-6)


def test_half_precision_comes_out_as_half_precision() -> None:
    x = torch.randn(2, 4, 8, 8)
    for order in ORDERS:
        out = InstanceNorm(4)(x.bfloat16().contiguous(memory_format=order))
        assert out.dtype is torch.bfloat16
        torch.testing.assert_close(out.float(), F.instance_norm(x), rtol=0.02, atol=0.02)


def test_held_moments_are_those_of_the_whole_batch_layer_by_layer() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 1), InstanceNorm(4), nn.ReLU(), nn.Conv2d(4, 4, 1), InstanceNorm(4))
    whole = torch.randn(1, 3, 8, 16)
    halves = torch.cat(whole.chunk(2, 3))
    with held_moments(network, lambda: network(halves)):
        held = network(halves)
        alone = network(halves[1:])
    torch.testing.assert_close(torch.cat([*held.chunk(2)], 3), network(whole))  # 1x1 convolutions see no edges
    torch.testing.assert_close(alone, held[1:])


@pytest.mark.parametrize("fails_in", ["measure", "body"])
def test_layers_are_as_before_after_an_error(fails_in) -> None:
    network = nn.Sequential(InstanceNorm(3))
    x = torch.randn(1, 3, 8, 8)
    before = network(x)

    def measure() -> None:
        network(5 * x + 2)
        if fails_in == "measure":
            raise RuntimeError

    with pytest.raises(RuntimeError), held_moments(network, measure):  # noqa: PT012
        assert not torch.allclose(network(x), before)
        raise RuntimeError
    assert torch.equal(network(x), before)


def test_a_network_without_such_layers_is_not_measured() -> None:
    with held_moments(nn.Conv2d(3, 3, 1), lambda: pytest.fail("measured")):
        pass
