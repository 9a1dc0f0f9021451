"""A run of series that is broken off goes on as if nothing had happened, whatever game it plays, and foretells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pd = pytest.importorskip("pandas")

from tests.training.test_resume import assert_same  # noqa: E402

import mintage  # noqa: E402

TINY = {
    "series_ar": ["model.width=8"],
    "forgan": ["model.width=8", "model.stakes.penalty_every=2"],
    "quant_gan": ["model.width=4", "model.depth=2", "model.stakes.critic_steps=2"],
}


def prices(folder: Path) -> Path:
    steps = 0.02 * np.random.default_rng(0).standard_normal((500, 2)) + 0.004
    frame = pd.DataFrame(100 * np.exp(steps.cumsum(0)), columns=["a", "b"])
    frame.insert(0, "Date", pd.bdate_range("2020-01-01", periods=500))
    frame.to_csv(folder / "prices.csv", index=False)
    return folder / "prices.csv"


@pytest.mark.parametrize("name", TINY)
def test_a_resumed_run_ends_bit_identical_to_an_unbroken_one(tmp_path: Path, name: str) -> None:
    words = [
        f"model.name={name}", *TINY[name], "data.context=20", "data.heldout=0.3", "training.steps=5",
        "training.batch=4", "training.frames=2", "codec.changes.a=log", "codec.changes.b=log",
    ]  # fmt: skip
    file = prices(tmp_path)
    unbroken = mintage.train(file, overrides=words, out=tmp_path / "a")
    broken = mintage.train(file, overrides=[*words, "training.max_seconds=0.000001"], out=tmp_path / "b")
    assert 0 < broken.facts["steps"] < 5
    while not broken.facts["finished"]:
        broken = broken.resume()
    assert_same(unbroken, broken)
    foretold = unbroken.forecast(3, paths=50, seed=0)
    pd.testing.assert_frame_equal(foretold.frame, broken.forecast(3, paths=50, seed=0).frame)
    scenarios = unbroken.scenarios(4, horizon=6)
    assert len(scenarios) == 24
    assert np.isfinite(scenarios[["a", "b"]].to_numpy()).all()
