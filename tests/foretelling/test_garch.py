"""GARCH finds what was planted, and says more of the next step than a constant volatility."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("scipy")

from mintage.errors import DataError
from mintage.foretelling.garch import Garch, fit_garch


def planted(n: int = 8_000, degrees: float = math.inf, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    drawn = rng.standard_normal(n)
    if math.isfinite(degrees):
        drawn /= np.sqrt(rng.chisquare(degrees, n) / (degrees - 2))
    steps, variance = np.empty(n), 1.0
    for t in range(n):
        steps[t] = math.sqrt(variance) * drawn[t]
        variance = 0.05 + 0.1 * steps[t] ** 2 + 0.85 * variance
    return steps * 0.01 + 0.0005


@pytest.mark.parametrize("degrees", [math.inf, 5.0])
def test_what_was_planted_is_found(degrees: float) -> None:
    found = fit_garch(planted(degrees=degrees), "normal" if math.isinf(degrees) else "student")
    assert found.arch == pytest.approx(0.1, abs=0.025)
    assert found.garch == pytest.approx(0.85, abs=0.035)
    assert found.constant == pytest.approx(0.05e-4, rel=0.4)
    assert found.mean == pytest.approx(0.0005, abs=0.0004)
    if degrees == 5.0:
        assert found.degrees == pytest.approx(5, abs=1)


def test_the_likelihood_is_that_of_the_formula_and_students_fits_heavy_tails_better() -> None:
    steps = planted(2_000, degrees=4.0)
    normal, student = fit_garch(steps, "normal"), fit_garch(steps, "student")
    variances = normal.variances(steps)[:-1]
    by_hand = -0.5 * (np.log(2 * np.pi * variances) + (steps - normal.mean) ** 2 / variances).sum()
    assert normal.log_likelihood == pytest.approx(by_hand, rel=1e-6)
    assert student.log_likelihood > normal.log_likelihood + 20


@pytest.mark.parametrize("surprises", ["filtered", "normal", "student"])
def test_a_wild_end_makes_a_wild_forecast_that_calms_down(surprises: str) -> None:
    steps = np.stack([planted(3_000), planted(3_000, seed=0) * 2], 1)
    calm, wild = steps.copy(), steps.copy()
    calm[-10:] *= 0.1
    wild[-10:] *= 5
    spread = {
        name: np.diff(Garch(surprises).fit(each.cumsum(0)).paths(3_000, 60, np.random.default_rng(0)), axis=1).std(0)
        for name, each in (("calm", calm), ("wild", wild))
    }  # (steps, 2)
    assert (spread["wild"][0] > 2 * spread["calm"][0]).all()
    assert (spread["wild"][-10:].mean(0) < 0.7 * spread["wild"][0]).all()
    drawn = np.diff(Garch(surprises).fit(steps.cumsum(0)).paths(2_000, 3, np.random.default_rng(0)), axis=1)
    assert np.corrcoef(drawn[:, 0].T)[0, 1] > 0.75


def test_parameters_may_stay_while_volatility_follows() -> None:
    steps = planted(3_000)[:, None]
    means = Garch(refit=2).fit(steps[:-200].cumsum(0))
    before, variance = means.fits, means.next
    assert means.fit(steps.cumsum(0)).fits is before
    assert means.next != variance
    assert means.fit(steps.cumsum(0)).fits is not before


def test_few_steps_are_an_error_that_helps() -> None:
    with pytest.raises(DataError, match="needs 100 steps"):
        fit_garch(np.arange(20.0))
