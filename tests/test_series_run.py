"""A file with a time line becomes a run, and the run foretells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

pd = pytest.importorskip("pandas")

from mintage.experiment import Experiment  # noqa: E402
from mintage.forecasting import by_sampler  # noqa: E402
from mintage.opening import open_data  # noqa: E402
from mintage.recipe import DataSettings  # noqa: E402
from mintage.run import RunDirectory  # noqa: E402
from mintage.series_data import SeriesData  # noqa: E402
from mintage.session import create_run, train  # noqa: E402
from mintage.trained import Trained  # noqa: E402


def test_a_file_of_prices_becomes_a_run_that_foretells(tmp_path: Path) -> None:
    steps = 0.02 * np.random.default_rng(0).standard_normal((600, 2)) + 0.004
    frame = pd.DataFrame(100 * np.exp(steps.cumsum(0)), columns=["a", "b"])
    frame.insert(0, "Date", pd.bdate_range("2020-01-01", periods=600))
    frame.to_csv(tmp_path / "prices.csv", index=False)
    wanted = DataSettings(path=tmp_path / "prices.csv", context=20)
    data, settings, codec = open_data(wanted, {}, 0, tmp_path / "cache")
    assert isinstance(data, SeriesData)
    assert settings.source == "series"
    assert codec == {"name": "series", "changes": {"a": "log", "b": "log"}, "calendar": []}
    raw = {
        "name": "prices", "data": settings.model_dump(mode="json"), "codec": codec,
        "model": {"width": 8}, "training": {"steps": 4, "frames": 2, "batch": 4},
    }  # fmt: skip
    experiment = Experiment.prepare(raw, data, torch.device("cpu"))
    run = create_run(experiment, tmp_path / "runs")
    assert train(experiment, run).finished
    assert len(run.sample_sheets()) == 2
    assert run.report.is_file()
    trained = Trained.open(RunDirectory(run.path))
    forecast = by_sampler(trained.sampler, trained.codec, trained.spec.x.shape[0] - 1)
    assert forecast(data.packed.lines[0], 10, 3, 0).shape == (10, 3, 2)
