"""Records as vectors of a GAN and back."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mintage.contracts import DataSpec, TensorSpec
from mintage.errors import SpecError
from mintage.layers.record_blocks import RecordBlocks, mixture
from mintage.layers.record_features import RecordFeatures
from mintage.layers.record_positions import RecordPositions, columns_of
from mintage.records import FREE, Column

VALUES = tuple(float(v) for v in range(50))
HILLS = tuple(0.5 * (2.7 ** (-((v - 10) ** 2) / 18) + 2.7 ** (-((v - 38) ** 2) / 18)) for v in range(49))
TWO_HILLS = (*HILLS, 4.0)
COLUMNS = (
    Column(name="colour", kind="category", levels=(4,), weights=(0.4, 0.3, 0.2, 0.1), never=(3,)),
    Column(name="amount", kind="number", levels=(50, 3), free=1, values=VALUES, weights=TWO_HILLS, missing=49),
    Column(name="key", kind="identifier", levels=(), free=2),
)
LAYERS = [RecordBlocks, RecordFeatures]


def records(n: int) -> Tensor:
    rng = torch.Generator().manual_seed(0)
    sizes = (3, 50, 3, FREE, FREE, FREE)
    return torch.stack([torch.randint(size, (n,), generator=rng) for size in sizes], 1)


def test_a_mixture_finds_the_modes_of_weighted_values_and_drops_those_that_do_not_pay() -> None:
    means, deviations, weights = mixture(torch.tensor(VALUES[:49]), torch.tensor(HILLS))
    assert 2 <= len(means) < 10
    low = means < 24
    assert float((means * weights)[low].sum() / weights[low].sum()) == pytest.approx(10, abs=0.5)
    assert float((means * weights)[~low].sum() / weights[~low].sum()) == pytest.approx(38, abs=0.5)
    assert float(weights[low].sum()) == pytest.approx(0.5, abs=0.02)
    assert deviations.min() > 0


def test_a_mixture_of_one_value_is_finite() -> None:
    means, deviations, _ = mixture(torch.tensor([7.0]), torch.tensor([1.0]))
    assert means.tolist() == [7.0]
    assert deviations.isfinite().all()


def test_records_come_back_from_their_vectors() -> None:
    blocks, codes = RecordBlocks(COLUMNS), records(500)
    vectors = blocks(codes)
    assert vectors.shape == (500, blocks.width)
    back = blocks.codes(vectors, torch.rand(500, 4))
    assert torch.equal(back[:, :2], codes[:, :2])


def test_what_is_not_learned_is_drawn_evenly() -> None:
    positions = RecordPositions(COLUMNS)
    assert positions.drawn == [(2, 3), (3, FREE), (4, FREE), (5, FREE)]
    uniform = torch.tensor([[0.0, 0.0, 0.5, 1.0], [0.99, 0.5, 0.5, 0.5]])
    filled = positions.filled([torch.tensor([1, 2]), torch.tensor([3, 4])], uniform)
    half = FREE // 2
    assert filled.tolist() == [[1, 3, 0, 0, half, FREE - 1], [2, 4, 2, half, half, half]]


def test_relaxed_vectors_have_slopes_and_never_hold_what_is_barred() -> None:
    blocks = RecordBlocks(COLUMNS)
    raw = torch.randn(200, blocks.width, requires_grad=True)
    vectors = blocks.relaxed(raw, torch.rand(200, blocks.width), 0.2)
    (vectors * torch.arange(blocks.width)).sum().backward()
    assert raw.grad.abs().sum() > 0
    assert raw.grad.isfinite().all()
    assert vectors[:, 3].max() == 0
    for start, stop in blocks.groups:
        torch.testing.assert_close(vectors[:, start:stop].sum(1), torch.ones(200))
    assert blocks.codes(vectors, torch.rand(200, 4))[:, 0].max() == 2


def test_features_that_say_nothing_draw_the_shares_of_the_data() -> None:
    features = RecordFeatures(COLUMNS)
    uniform = torch.rand(20_000, features.num_codes, generator=torch.Generator().manual_seed(0))
    colour, amount = features.chosen(torch.zeros(20_000, features.width), uniform)
    counted = colour.bincount(minlength=4) / 20_000
    torch.testing.assert_close(counted, torch.tensor([4, 3, 2, 0]) / 9, atol=0.02, rtol=0)
    assert float((amount == 49).float().mean()) == pytest.approx(TWO_HILLS[49] / sum(TWO_HILLS), abs=0.02)


def test_relaxed_features_are_those_of_the_chosen_codes_and_slope_towards_them() -> None:
    features = RecordFeatures(COLUMNS)
    said = torch.zeros(64, features.width, requires_grad=True)
    uniform = torch.rand(64, features.num_codes, generator=torch.Generator().manual_seed(1))
    relaxed = features.relaxed(said, uniform, 0.7)
    codes = features.positions.filled(features.chosen(said.detach(), uniform), torch.rand(64, 4))
    torch.testing.assert_close(relaxed, features(codes))
    relaxed[:, 0].sum().backward()
    assert said.grad[:, 0].min() >= 0  # saying more of a code makes it likelier: a swapped sign fails here
    assert said.grad[:, 0].max() > 0


@pytest.mark.parametrize("layer", LAYERS)
def test_columns_of_a_single_code_are_no_trouble(layer) -> None:
    columns = (Column(name="one", kind="integer", levels=(1,), values=(3.0,), weights=(1.0,)),)
    assert layer(columns)(torch.zeros(2, 1, dtype=torch.int64)).isfinite().all()


@pytest.mark.parametrize("spec", [TensorSpec(shape=(3, 8, 8)), TensorSpec(shape=(2,), columns=COLUMNS[2:])], ids=str)
def test_what_is_no_table_is_an_error_that_helps(spec) -> None:
    with pytest.raises(SpecError, match="mintage models --fit"):
        columns_of(DataSpec(x=spec), "CTGAN")
