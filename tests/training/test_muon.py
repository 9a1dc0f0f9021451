"""Muon's iteration in the small square, and averages that cost nothing where nothing is averaged."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mintage.layers.hashed_ngrams import HashedNgrams
from mintage.training.ema import Averager
from mintage.training.muon import orthogonalized


def step_by_step(x: Tensor) -> Tensor:
    """The iteration as it is defined (Jordan et al., 2024), in float64."""
    x = x.double()
    x = x / (torch.linalg.matrix_norm(x, keepdim=True) + 1e-7)
    for _ in range(5):
        square = x @ x.mT
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return x


@pytest.mark.parametrize("shape", [(2, 16, 16), (3, 16, 64), (3, 16, 24)])
@pytest.mark.parametrize("least", [1.0, 1e-4])
def test_long_matrices_are_orthogonalised_as_square_ones_are(shape: tuple[int, ...], least: float) -> None:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    x = x * torch.logspace(0, torch.log10(torch.tensor(least)).item(), shape[-1])
    for given, wanted in ((x, step_by_step(x)), (x.mT, step_by_step(x).mT)):
        torch.testing.assert_close(orthogonalized(given).double(), wanted, rtol=1e-3, atol=1e-4)


def test_without_averaging_the_average_is_what_is_trained() -> None:
    layer = nn.Linear(3, 2)
    average = Averager(layer, 0.0, 0.05)  # type: ignore[arg-type]
    with torch.no_grad():
        layer.weight += 1
    assert torch.equal(average.state_dict()["weight"], layer.weight)
    layer.weight.data = torch.ones(2, 3)  # another storage
    average.update(1, 1)
    assert torch.equal(average.state_dict()["weight"], torch.ones(2, 3))
    average.load_state_dict({name: torch.zeros_like(t) for name, t in layer.state_dict().items()})
    assert layer.weight.detach().eq(1).all()  # what is trained is not changed by a rounded copy of it
    assert all(not p.requires_grad for p in average.sampler.parameters())  # type: ignore[attr-defined]


def test_a_sampler_is_written_compactly_where_training_keeps_the_exact_state() -> None:
    ngrams = nn.Sequential(HashedNgrams((2,), 8, 4, 5))
    for half_life, names in ((0.0, {"0.rows", "0.values", "0.scales"}), (10.0, {"0.table.weight"})):
        average = Averager(ngrams, half_life, 0.05)  # type: ignore[arg-type]
        assert set(average.state_dict()) == names
    assert set(ngrams.state_dict()) == {"0.table.weight"}
