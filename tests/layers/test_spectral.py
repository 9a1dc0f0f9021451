"""Spectral normalisation bounds the largest singular value, in its own turn and in any precision."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mintage.layers.spectral import spectral_norm
from mintage.layers.turns import set_learning


def largest(weight: torch.Tensor) -> float:
    return torch.linalg.matrix_norm(weight.detach().flatten(1), 2).item()


@pytest.mark.parametrize("layer", [nn.Linear(12, 7), nn.Conv2d(3, 8, 3), nn.Embedding(5, 6)], ids=str)
def test_the_largest_singular_value_becomes_one(layer) -> None:
    with torch.no_grad():
        layer.weight.mul_(9)
    spectral_norm(layer)
    for _ in range(50):
        layer.weight
    assert largest(layer.weight) == pytest.approx(1, abs=0.02)


def test_power_iterations_rest_in_anothers_turn_and_in_eval() -> None:
    layer = spectral_norm(nn.Linear(12, 7))
    iterate = {name: buffer.clone() for name, buffer in layer.named_buffers()}
    with torch.no_grad():
        layer(torch.randn(2, 12))
    set_learning(layer.parameters(), False)
    layer(torch.randn(2, 12))
    set_learning(layer.parameters(), True)
    layer.eval()(torch.randn(2, 12))
    assert iterate
    assert all(torch.equal(buffer, iterate[name]) for name, buffer in layer.named_buffers())
    layer.train()(torch.randn(2, 12))
    assert not all(torch.equal(buffer, iterate[name]) for name, buffer in layer.named_buffers())


def test_under_autocast_the_norm_is_still_taken_in_float32() -> None:
    layer = spectral_norm(nn.Linear(12, 7)).eval()
    exact = layer.weight
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(layer.weight, exact)


def test_the_state_holds_the_iterate() -> None:
    torch.manual_seed(0)
    one, two = (spectral_norm(nn.Linear(12, 7)) for _ in range(2))
    two.load_state_dict(one.state_dict())
    x = torch.randn(3, 12)
    for _ in range(3):
        assert torch.equal(one(x), two(x))
