"""The game of series: what is masked does not count, and nothing else does less."""

from __future__ import annotations

import pytest
import torch

from mintage.contracts import Batch, DataSpec, TensorSpec
from mintage.layers.ring import chosen, tossed
from mintage.models.series_ar import SeriesAR


def test_steps_under_no_mask_cost_nothing() -> None:
    torch.manual_seed(0)
    game = SeriesAR(width=8, dropout=0.0).build(DataSpec(x=TensorSpec(shape=(11, 2))))
    x = torch.randn(3, 11, 2)
    mask = torch.ones(3, 11, dtype=torch.bool)
    whole = game.examine(Batch(x))["forecaster/heldout"]
    torch.testing.assert_close(game.examine(Batch(x, mask=mask))["forecaster/heldout"], whole)
    mask[:, 6:] = False
    wild = x.clone()
    wild[:, 6:] *= 1_000
    cut = game.examine(Batch(wild, mask=mask))["forecaster/heldout"]
    torch.testing.assert_close(cut, game.examine(Batch(x[:, :6]))["forecaster/heldout"])


@pytest.mark.parametrize("recent", [0.0, 1.0])
def test_paths_have_the_company_that_their_own_history_had(recent: float) -> None:
    torch.manual_seed(0)
    game = SeriesAR(width=8, dropout=0.0, recent=recent).build(DataSpec(x=TensorSpec(shape=(301, 2))))
    apart = torch.randn(8, 301, 2)
    told, past = game.sampler.told(Batch(apart))
    game.sampler.remember(Batch(apart), told, past, torch.Generator().manual_seed(0))
    together = torch.randn(1, 301, 1).expand(-1, -1, 2) + 0.5  # with a drift, which is not to go on
    sampler = game.sampler.eval()
    with torch.no_grad():
        made = sampler(sampler.path_noise(2_000, 1, torch.Generator().manual_seed(1)), together)[:, 0]
    # the law of an untrained network knows of no company; as far as surprises tell it, it comes from the history
    assert (torch.corrcoef(made.T)[0, 1] > 0.5) == bool(recent)
    assert made.mean().abs() < 0.25 * made.std()


def test_a_number_that_chose_leaves_another_one() -> None:
    chance = torch.randn(20_000, generator=torch.Generator().manual_seed(0))
    which, left = chosen(chance, 7)
    assert which.bincount(minlength=7).float().div(20_000).tolist() == pytest.approx([1 / 7] * 7, abs=0.01)
    yes, other = tossed(chance, 0.3)
    assert float(yes.float().mean()) == pytest.approx(0.3, abs=0.01)
    for rest in (left, other, other[yes], other[~yes]):
        assert float(rest.mean()) == pytest.approx(0, abs=0.03)
        assert float(rest.std()) == pytest.approx(1, abs=0.03)
    assert not tossed(chance, 0.0)[0].any()
    assert tossed(chance, 1.0)[0].all()
