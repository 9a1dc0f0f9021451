"""A run that is told of hours and of what its entities are does all that a run of series does."""

from __future__ import annotations

import json

import numpy as np
import pytest

pd = pytest.importorskip("pandas")

import mintage  # noqa: E402


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> mintage.Run:
    folder, rng = tmp_path_factory.mktemp("told"), np.random.default_rng(0)
    hours = pd.date_range("2024-01-01", periods=24 * 60, freq="h")
    day = np.sin(2 * np.pi * hours.hour / 24)
    frames = [
        pd.DataFrame(
            {"time": hours, "meter": name, "kind": kind, "load": 5 + day * high + rng.normal(0, 0.3, len(day))}
        )
        for name, kind, high in (("a", "house", 1.0), ("b", "shop", 3.0))
    ]
    pd.concat(frames).to_csv(folder / "loads.csv", index=False)
    short = {"steps": 200, "frames": 2, "batch": 8, "precision": "float32", "channels_last": False}
    small = {"width": 16, "half_lives": (1.0, 8.0), "lags": 2, "components": 3}
    overrides = {"data": {"context": 24, "heldout": 0.2}, "training": short, "model": {"name": "series_ar", **small}}
    return mintage.train(folder / "loads.csv", out=folder / "runs", device="cpu", overrides=overrides)


def test_what_it_is_told_stands_in_its_report(run: mintage.Run) -> None:
    told = json.loads(run.directory.data_report.read_text("utf-8"))
    assert (told["calendar"], told["attributes"]) == (["day"], ["kind"])


def test_its_forecasts_follow_the_hours_and_the_kind(run: mintage.Run) -> None:
    frame = run.forecast(24, paths=200, seed=0).frame
    middle = frame.pivot_table(index="step", columns="entity", values="50%")
    hours = np.sin(2 * np.pi * (np.arange(24)) / 24)  # the file ends with the last hour of a day
    assert np.corrcoef(middle["b"], hours)[0, 1] > 0.8
    assert np.ptp(middle["b"]) > 1.5 * np.ptp(middle["a"])


def test_it_draws_walks_and_is_judged_as_any_other(run: mintage.Run) -> None:
    assert len(run.scenarios(2, horizon=3)) == 12
    assert run.backtest(horizon=2, every=60).report["forecasts"]["scores"]
    scores = {score.name for score in run.evaluate(samples=64, metrics=["forecast_score"]).scores}
    assert "forecast_score" in scores
