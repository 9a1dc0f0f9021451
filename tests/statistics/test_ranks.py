"""The area under the curve is scikit-learn's, and its interval covers."""

from __future__ import annotations

import pytest
import torch

from mintage.statistics.intervals import normal
from mintage.statistics.ranks import area_under_curve


def test_the_area_is_that_of_scikit_learn_with_ties() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = torch.Generator().manual_seed(0)
    high, low = (torch.randint(0, 9, (200,), generator=rng) + shift for shift in (1.0, 0.0))
    labels = torch.cat([torch.ones(200), torch.zeros(200)])
    theirs = metrics.roc_auc_score(labels.numpy(), torch.cat([high, low]).numpy())
    assert area_under_curve(high, low).value == pytest.approx(theirs)
    assert area_under_curve(low, high).value == pytest.approx(1 - theirs)


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    truth = float(torch.special.ndtr(torch.tensor(0.5 / 2**0.5)))
    held = 0
    for seed in range(200):
        rng = torch.Generator().manual_seed(seed)
        low, high = normal(*area_under_curve(torch.randn(100, generator=rng) + 0.5, torch.randn(80, generator=rng)))
        held += low < truth < high
    assert 180 <= held <= 198
