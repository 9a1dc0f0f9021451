"""The verbs of series, as a person types them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import failed
from typer.testing import CliRunner

import mintage
from mintage import walking
from mintage.cli import app

pd = pytest.importorskip("pandas")
runner = CliRunner()


def told(*words: str) -> str:
    result = runner.invoke(app, list(words))
    assert result.exit_code == 0, result.output
    return result.output


def test_generate_writes_scenarios_as_csv_or_parquet(series_run: mintage.Run, tmp_path: Path) -> None:
    run = str(series_run.path)
    said = told("generate", run, "--scenarios", "12", "--horizon", "3", "--out", str(tmp_path / "s.parquet"))
    assert "12 scenarios of 3 steps" in said
    whole = pd.read_parquet(tmp_path / "s.parquet")
    assert len(whole) == 36
    told("generate", run, "-n", "2", "--horizon", "3", "--out", str(tmp_path / "folder"), "--quiet")
    assert pd.read_csv(tmp_path / "folder" / "scenarios.csv")["a"].tolist() == whole["a"].head(6).tolist()


def test_forecast_shows_a_table_and_writes_fans(series_run: mintage.Run, tmp_path: Path) -> None:
    said = told("forecast", str(series_run.path), "--horizon", "2", "--paths", "50", "--out", str(tmp_path / "f"))
    assert "95%" in said
    assert "After 2 steps (2022-09-0" in said
    assert (tmp_path / "f" / "fan-01.png").is_file()


def test_backtest_says_its_sentences_and_writes_its_page(
    series_run: mintage.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "_MOST_ORIGINS", 4)
    said = told(
        "backtest", str(series_run.path), "--from", "2022-05-02", "--horizon", "2", "--every", "20", "--tried", "3",
        "--out", str(tmp_path / "b"),
    )  # fmt: skip
    assert "Not measured: risk" in said
    assert "no investment advice" in " ".join(said.split())
    assert (tmp_path / "b" / "report.html").is_file()


def test_what_series_have_no_use_for_is_refused(
    series_run: mintage.Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = str(series_run.path)
    assert "makes series: leave --where out" in failed(capsys, monkeypatch, "generate", run, "--where", "a>1")
    assert "say the same" in failed(capsys, monkeypatch, "generate", run, "--scenarios", "2", "-n", "3")
    assert "hindsight" in failed(capsys, monkeypatch, "backtest", run, "--from", "2020-02-01")
