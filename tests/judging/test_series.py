"""Series judged by every metric that reads them, and by no other; the report shows what they look like."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import mintage
from mintage import walking
from mintage.errors import ConfigError, DataError

pd = pytest.importorskip("pandas")
pytest.importorskip("sklearn")


@pytest.fixture(autouse=True)
def _fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "_MOST_ORIGINS", 6)
    monkeypatch.setattr(walking, "_MOST_STEPS", 110)
    monkeypatch.setattr(walking, "_NEAR_PATHS", 200)


@pytest.fixture
def run(series_run: mintage.Run, tmp_path: Path) -> mintage.Run:
    return mintage.load(shutil.copytree(series_run.path, tmp_path / "0001-prices"))


def test_a_run_of_series_is_judged_by_what_reads_series(run: mintage.Run) -> None:
    verdict = run.evaluate()
    names = {score.name for score in verdict.scores}
    assert {"forecast_score", "interval_coverage", "tail_risk", "stylised_facts"} <= names
    assert not {"kernel_distance", "quality", "nats_per_token"} & names
    assert set(verdict.skipped) == {"window_recognition"}  # eight stretches are too few, and it says so
    assert verdict.protocol.embedding == "none"
    assert verdict.protocol.prepared == "stretches of 24 steps of 2 variables"
    for score in verdict.scores:
        assert score.words, score.name
        assert score.low is None or score.high is None or score.low <= score.value <= score.high, score.name


def test_the_report_shows_fans_quantiles_and_memories_and_the_card_says_how_to_go_on(run: mintage.Run) -> None:
    run.evaluate(metrics=("stylised_facts",))
    kept = json.loads(run.directory.likeness.read_text("utf-8"))
    assert len(kept["moves"]["real"]) == len(kept["sizes"]["made"]) == 12
    assert run.directory.fans.is_file()
    report = run.directory.report.read_text("utf-8")
    for said in (
        "Held out and foretold",
        "Quantiles of the moves",
        "Memory of their size",
        "mintage forecast",
        "red came",
    ):
        assert said in report
    card = run.directory.card.read_text("utf-8")
    assert "mintage forecast" in card
    assert "time-series-forecasting" in card
    assert "FID" not in card


def test_two_runs_stand_side_by_side_and_a_file_of_records_is_no_judge(run: mintage.Run, prices: Path) -> None:
    verdicts = mintage.compare([run.path], out=run.path / "judged", metrics=("interval_coverage",))
    assert "interval_coverage" in verdicts[0]
    assert "data:image/png" in (run.path / "judged" / "comparison.html").read_text("utf-8")
    with pytest.raises(ConfigError, match="mintage evaluate RUN"):
        mintage.compare([run.path], against=prices, out=run.path / "judged")


def test_too_little_held_out_says_what_to_do(prices: Path, tmp_path: Path) -> None:
    tiny = ["model.width=8", "model.unseen=2", "training.batch=4", "training.frames=2", "training.steps=2"]
    run = mintage.train(prices, overrides=[*tiny, "data.context=30", "data.heldout=0.02"], out=tmp_path)
    with pytest.raises(DataError, match=r"larger data\.heldout"):
        run.evaluate()
