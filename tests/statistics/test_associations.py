"""Likeness of columns and pairs: what SciPy computes, what a hand computes, and what cannot be compared."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mintage.statistics.associations import association, correlation, equal_widths, joint, share_similarity
from mintage.statistics.associations import step_similarity as steps

stats = pytest.importorskip("scipy.stats")

RNG = np.random.default_rng(0)


def test_steps_correlation_and_association_are_those_of_scipy() -> None:
    a, b = RNG.integers(0, 30, 500) / 7, RNG.integers(3, 30, 400) / 7
    assert steps(a, b) == pytest.approx(1 - stats.ks_2samp(a, b).statistic)
    x = RNG.standard_normal(300)
    y = 0.5 * x + RNG.standard_normal(300)
    assert correlation(x, y) == pytest.approx(stats.pearsonr(x, y).statistic)
    one, other = RNG.integers(0, 4, 500), RNG.integers(0, 6, 500)
    other[one == 2] = 5
    table = np.array([[((one == i) & (other == j)).sum() for j in range(6)] for i in range(4)])
    assert association(one, other) == pytest.approx(stats.contingency.association(table, method="cramer"))


def test_total_variation_by_hand() -> None:
    assert share_similarity(np.array([0, 0, 0, 1]), np.array([0, 1, 1, 1])) == 0.5
    assert share_similarity(np.array([0, 1]), np.array([2, 3])) == 0.0
    assert share_similarity(np.array([3, 1, 2]), np.array([1, 2, 3])) == 1.0


def test_what_is_missing_is_left_out_and_what_cannot_be_compared_is_not_a_number() -> None:
    nothing = np.array([math.nan, math.nan])
    assert steps(np.array([1.0, math.nan, 2.0]), np.array([1.0, 2.0])) == 1.0
    assert math.isnan(steps(nothing, np.array([1.0])))
    assert math.isnan(correlation(np.ones(5), np.arange(5.0)))
    assert math.isnan(correlation(nothing, np.arange(2.0)))
    assert math.isnan(association(np.ones(5, np.int64), np.arange(5)))
    assert math.isnan(share_similarity(np.empty(0, np.int64), np.arange(5)))
    assert equal_widths(nothing).tolist() == [11, 11]


def test_joint_codes_of_many_levels_are_as_those_of_few() -> None:
    pairs = [(RNG.integers(0, 50, 200), RNG.integers(0, 50, 200)) for _ in range(2)]
    wide = [(first * 100_000, second * 100_000) for first, second in pairs]
    few, many = joint(*pairs), joint(*wide)
    assert max(many[0].max(), many[1].max()) < 400
    assert share_similarity(*few) == pytest.approx(share_similarity(*many))
