"""Losses, contests and tails of walked-forward forecasts, on walks whose answers are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.metrics.walks import SPREAD, walk

from mintage.statistics.walks import contest, crps_of, held, losses_beyond, mean_pinball, tail_tests


def test_what_stands_at_one_time_counts_as_one() -> None:
    alone = walk({"ours": SPREAD, "wide": 3 * SPREAD}, origins=40)
    twice = replace(
        alone, stamps=alone.stamps * 2, last=np.tile(alone.last, (2, 1)), truths=np.tile(alone.truths, (2, 1, 1)),
        paths={name: np.tile(paths, (2, 1, 1, 1)) for name, paths in alone.paths.items()},
    )  # fmt: skip
    one, two = (contest(each, crps_of(each)) for each in (alone, twice))
    assert one.beside["wide"].interval == pytest.approx(two.beside["wide"].interval)
    assert held(alone, 0.95)["ours"][1] == pytest.approx(held(twice, 0.95)["ours"][1])
    assert tail_tests(twice, 0.05)["ours"].steps == 40


def test_truths_that_share_steps_make_wider_intervals() -> None:
    calm = walk({"ours": SPREAD, "wide": 2 * SPREAD}, origins=60)
    slow = np.repeat(calm.truths[:12], 5, 0)  # each truth stands for five origins
    apart = replace(calm, truths=slow, overlap=1)
    one, two = (contest(each, crps_of(each)).beside["wide"].interval for each in (apart, replace(apart, overlap=5)))
    assert two.high - two.low > one.high - one.low


def test_the_best_of_the_others_is_named_and_pinball_agrees() -> None:
    found = walk({"ours": SPREAD, "wide": 5 * SPREAD, "near": 1.5 * SPREAD})
    assert contest(found, crps_of(found)).best == "near"
    lost = mean_pinball(found)
    assert lost["ours"] < lost["near"] < lost["wide"]


def test_the_quantile_is_a_loss_and_a_swapped_sign_is_caught() -> None:
    near = walk({"ours": SPREAD, "other": SPREAD}, origins=300, steps=1, n=500)
    returns, threshold = losses_beyond(near, "ours", 0.05)
    assert threshold.max() < 0
    assert (returns < threshold).mean() == pytest.approx(0.05, abs=0.035)
    drifting = {name: paths * 1.01 for name, paths in near.paths.items()}
    assert tail_tests(replace(near, paths=drifting), 0.05)["ours"].frequency < 0.001
    assert "understated" in tail_tests(replace(near, paths=drifting), 0.05)["ours"].words(0.05)
    assert "overstated" in tail_tests(replace(near, paths={"ours": near.paths["ours"] * 0.98}), 0.05)["ours"].words(
        0.05
    )


def test_one_that_follows_another_is_said_to_be_slow() -> None:
    near = walk({"ours": SPREAD, "other": SPREAD}, origins=400, steps=1, n=500)
    fallen = near.truths.copy()
    fallen[:] = 100.0
    for start in (50, 250):
        fallen[start : start + 10] = 90.0
    found = tail_tests(replace(near, truths=fallen), 0.05)["ours"]
    assert found.exceeded == 20
    assert found.clustering < 1e-6
    assert "follows another" in found.words(0.05)
    assert found.lost == pytest.approx(0.1)


def test_one_who_foretells_no_change_says_nothing_of_risk() -> None:
    near = walk({"ours": SPREAD, "still": 0.0}, steps=1)
    assert set(tail_tests(near, 0.05)) == {"ours"}
