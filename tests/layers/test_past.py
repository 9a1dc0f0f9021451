"""What is remembered of a series: running means that are what they say, the same step by step and at once."""

from __future__ import annotations

import pytest
import torch

from mintage.layers.past import Past, num_features

HALVES = (2.0, 10.0)


def test_a_move_counts_half_after_its_half_life() -> None:
    past = Past.begin(torch.zeros(1, 1), HALVES, 2)
    for _ in range(400):
        past.advance(torch.full((1, 1), 3.0))
    assert past.power[0, :, 0].tolist() == pytest.approx([9, 9], rel=1e-3)
    assert past.scale.item() == pytest.approx(3, rel=1e-3)
    for _ in range(10):
        past.advance(torch.zeros(1, 1))
    assert past.power[0, 1, 0].item() == pytest.approx(4.5, rel=1e-3)
    assert past.trend[0, 0, 0].item() == pytest.approx(3 / 2**5, rel=1e-3)
    assert past.level.item() == pytest.approx(1_200)
    assert past.lags[0, :, 0].tolist() == [0, 0]


def test_windows_at_once_are_steps_one_by_one() -> None:
    x = torch.randn(4, 13, 3, generator=torch.Generator().manual_seed(0))
    features, scales, after = Past.along(x, HALVES, 2)
    assert features.shape == (4, 12, 3, num_features(len(HALVES), 2))
    past = Past.begin(x[:, 0], HALVES, 2)
    for step in range(12):
        torch.testing.assert_close(features[:, step], past.features())
        torch.testing.assert_close(scales[:, step], past.scale)
        past.advance(x[:, step + 1])
    torch.testing.assert_close(after.features(), past.features())
    torch.testing.assert_close(after.repeated(4).features(), past.features())


def test_a_variable_that_stands_still_keeps_a_scale() -> None:
    features, scales, _ = Past.along(torch.zeros(1, 500, 2), HALVES, 2)
    assert features.isfinite().all()
    assert scales.min() > 0
