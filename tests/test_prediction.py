"""Scenarios and forecasts go on from the last row of the file, as it is now, and a seed names them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import mintage
from mintage.errors import ConfigError, DataError
from tests.conftest import TINY

pd = pytest.importorskip("pandas")


@pytest.fixture
def last(prices: Path) -> np.ndarray:
    return pd.read_csv(prices)[["a", "b"]].to_numpy()[-1]


def test_scenarios_go_on_from_today_in_days_of_trading(series_run: mintage.Run, last: np.ndarray) -> None:
    frame = series_run.scenarios(40, horizon=3, seed=1)
    assert list(frame.columns) == ["scenario", "step", "date", "a", "b"]
    assert len(frame) == 120
    assert frame["scenario"].tolist() == np.repeat(np.arange(40), 3).tolist()
    assert frame["date"].dt.day_of_week.max() < 5
    assert frame["date"].min() > pd.Timestamp("2022-09-06")
    first = frame[frame["step"] == 1][["a", "b"]].to_numpy()
    assert np.abs(np.log(first / last)).mean() < 0.1
    assert np.allclose(first, first.round(2))


def test_a_seed_names_the_same_scenarios_however_many(series_run: mintage.Run) -> None:
    few, many = (series_run.scenarios(n, horizon=2, seed=3) for n in (5, 260))
    pd.testing.assert_frame_equal(few, many.head(10))
    assert not few.equals(series_run.scenarios(5, horizon=2, seed=4))
    assert series_run.generate(5, seed=3, horizon=2).equals(few)


def test_a_forecast_is_quantiles_a_table_and_fans(series_run: mintage.Run, tmp_path: Path) -> None:
    made = series_run.forecast(4, paths=80)
    assert list(made.frame.columns) == [
        "step", "date", "variable", "2.5%", "5%", "25%", "50%", "75%", "95%", "97.5%",
    ]  # fmt: skip
    assert len(made.frame) == 8
    quantiles = made.frame.filter(like="%").to_numpy()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    folder = made.save(tmp_path / "new" / "forecast")
    assert sorted(path.name for path in folder.iterdir()) == ["fan-01.png", "forecast.csv"]
    assert len(pd.read_csv(folder / "forecast.csv")) == 8


def test_rows_that_came_since_are_the_new_today(
    series_run: mintage.Run, prices: Path, last: np.ndarray, tmp_path: Path
) -> None:
    run, file = tmp_path / "run", tmp_path / "prices.csv"
    shutil.copytree(series_run.path, run)
    file.write_text(prices.read_text() + f"2022-09-07,{1.1 * last[0]},{1.1 * last[1]}\n")
    recipe = run / "recipe.toml"
    recipe.write_text(recipe.read_text().replace(str(prices), str(file)))
    frame = mintage.load(run).scenarios(100, horizon=1)
    assert str(frame["date"].iloc[0])[:10] == "2022-09-08"
    assert np.allclose(frame[["a", "b"]].median(), 1.1 * last, rtol=0.05)
    pd.read_csv(prices).assign(c=lambda frame: frame["a"] + frame["b"]).to_csv(file, index=False)
    with pytest.raises(DataError, match=r"variables a, b, c, .*learned a, b"):
        mintage.load(run).scenarios(2)


def test_each_entity_goes_on_from_its_own_end(tmp_path: Path) -> None:
    rng, parts = np.random.default_rng(0), []
    for name, start in (("x", 50.0), ("y", 500.0)):
        stamps = pd.date_range("2024-01-01", periods=300, freq="h")
        parts.append(pd.DataFrame({"time": stamps, "who": name, "heat": start + rng.standard_normal(300).cumsum()}))
    pd.concat(parts).to_csv(tmp_path / "heat.csv", index=False)
    tiny = ["model.width=8", "training.batch=4", "training.frames=2", "training.steps=2"]
    run = mintage.train(tmp_path / "heat.csv", overrides=[*tiny, "data.context=20"], out=tmp_path / "runs")
    frame = run.scenarios(3, horizon=2)
    assert list(frame.columns) == ["scenario", "step", "date", "entity", "heat"]
    assert len(frame) == 12
    assert frame["date"].iloc[0] == pd.Timestamp("2024-01-13 12:00")
    means = frame.groupby("entity")["heat"].mean()
    assert means["y"] - means["x"] > 300
    made = run.forecast(2, paths=40)
    assert set(made.frame["entity"]) == {"x", "y"}
    assert len(list(made.save(tmp_path / "out").glob("fan-*.png"))) == 2


def test_what_cannot_be_foretold_is_an_error_that_helps(series_run: mintage.Run) -> None:
    with pytest.raises(ConfigError, match="one or more"):
        series_run.scenarios(3, horizon=0)
    with pytest.raises(ConfigError, match="40 or more"):
        series_run.forecast(3, paths=10)
    with pytest.raises(ConfigError, match="horizon="):
        series_run.generate(3, prompt="once")


def test_a_run_of_pictures_foretells_nothing(photos: Path, tmp_path: Path) -> None:
    run = mintage.train(photos, overrides=[*TINY, "training.steps=1"], out=tmp_path)
    for ask in (run.scenarios, run.forecast, run.backtest):
        with pytest.raises(ConfigError, match="makes pictures: only runs of series foretell"):
            ask()
