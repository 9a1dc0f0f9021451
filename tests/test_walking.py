"""A run is walked through what it held out, and never through what it learned."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import mintage
from mintage import walking
from mintage.errors import ConfigError, DataError

pd = pytest.importorskip("pandas")


@pytest.fixture(autouse=True)
def _fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "_MOST_ORIGINS", 10)
    monkeypatch.setattr(walking, "_MOST_STEPS", 60)
    monkeypatch.setattr(walking, "_FEWEST_STEPS", 50)
    monkeypatch.setattr(walking, "_NEAR_PATHS", 200)


def test_a_backtest_says_what_was_worth_something_in_words_figures_and_a_page(
    series_run: mintage.Run, tmp_path: Path
) -> None:
    found = series_run.backtest(horizon=4, every=8, cost=0.001, tried=20)
    report = found.report
    assert report["forecasts"]["origins"] == 9
    assert set(report["risk"]) == {"series_ar", "random walk", "block bootstrap", "GARCH, filtered"}
    assert report["risk"]["series_ar"][0]["steps"] == 60
    assert report["decisions"]["tried"] == 20
    assert set(report["decisions"]["rules"]) == {"series_ar", "buy and hold", "cash"}
    assert "no investment advice" in report["words"][-1]
    page = found.save(tmp_path / "a" / "backtest")
    html = page.read_text("utf-8")
    assert json.loads((page.parent / "backtest.json").read_text("utf-8")) == report
    for said in ("What this cannot tell", "buy and hold", "Kupiec", 'alt="', 'aria-label="', "investment advice"):
        assert said in html
    assert "http" not in html.replace("http-equiv", "")


def test_a_backtest_begins_after_all_that_was_learned_and_chosen_by(series_run: mintage.Run) -> None:
    told = json.loads(series_run.directory.data_report.read_text("utf-8"))
    assert told["judged_from"] > told["heldout_from"]
    with pytest.raises(ConfigError, match=r"hindsight\. It may begin at 2021-1"):
        series_run.backtest("2021-01-01")
    with pytest.raises(ConfigError, match="hindsight"):
        series_run.backtest(told["judged_from"])
    with pytest.raises(ConfigError, match="no date"):
        series_run.backtest("soon")
    with pytest.raises(ConfigError, match="1 or more"):
        series_run.backtest(every=0)
    allowed = str(np.datetime64(told["judged_from"]) + np.timedelta64(1, "s"))
    assert series_run.backtest(allowed, horizon=2, every=60).report["forecasts"]["from"] > told["judged_from"]


def test_a_later_start_is_kept_to(series_run: mintage.Run) -> None:
    report = series_run.backtest("2022-07-11", horizon=2, every=10).report
    assert report["forecasts"]["from"] == "2022-07-11T00:00:00"
    assert "risk" in report["skipped"]  # too few steps are left


def test_a_variable_that_knows_the_future_stops_it(series_run: mintage.Run, prices: Path, tmp_path: Path) -> None:
    run, file = tmp_path / "run", tmp_path / "prices.csv"
    shutil.copytree(series_run.path, run)
    frame = pd.read_csv(prices)
    frame["b"] = frame["a"].shift(-1).fillna(100)
    frame.to_csv(file, index=False)
    recipe = run / "recipe.toml"
    recipe.write_text(recipe.read_text().replace(str(prices), str(file)))
    with pytest.raises(DataError, match="'b' tells the next step of 'a'"):
        mintage.load(run).backtest()


def test_a_run_that_held_nothing_out_cannot_be_walked(prices: Path, tmp_path: Path) -> None:
    tiny = ["model.width=8", "training.batch=4", "training.frames=2", "training.steps=2"]
    run = mintage.train(prices, overrides=[*tiny, "data.context=30", "data.heldout=0"], out=tmp_path)
    with pytest.raises(ConfigError, match=r"data\.heldout=0\.2"):
        run.backtest()
