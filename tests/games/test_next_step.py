"""The game of series: what is masked does not count, and nothing else does less."""

from __future__ import annotations

import torch

from mintage.contracts import Batch, DataSpec, TensorSpec
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
