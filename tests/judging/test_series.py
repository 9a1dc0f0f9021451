"""Series judged by every metric that reads them, and by no other; the report shows what they look like."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import mintage
from mintage import walking
from mintage.errors import ConfigError, DataError
from mintage.judging.verdict import Verdict

pd = pytest.importorskip("pandas")
pytest.importorskip("sklearn")


@pytest.fixture(scope="module", autouse=True)
def _fewer() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walking, "_MOST_ORIGINS", 6)
        patch.setattr(walking, "_MOST_STEPS", 60)
        patch.setattr(walking, "_FEWEST_STEPS", 50)
        patch.setattr(walking, "_NEAR_PATHS", 200)
        yield


@pytest.fixture(scope="module")
def run(series_run: mintage.Run, tmp_path_factory: pytest.TempPathFactory) -> mintage.Run:
    return mintage.load(shutil.copytree(series_run.path, tmp_path_factory.mktemp("judged") / "0001-prices"))


@pytest.fixture(scope="module")
def verdict(run: mintage.Run) -> Verdict:
    return run.evaluate()


def test_a_run_of_series_is_judged_by_what_reads_series(verdict: Verdict) -> None:
    names = {score.name for score in verdict.scores}
    assert {"forecast_score", "interval_coverage", "tail_risk", "stylised_facts"} <= names
    assert not {"kernel_distance", "quality", "nats_per_token"} & names
    assert set(verdict.skipped) == {"window_recognition", "copied_stretches"}  # eight stretches are too few
    assert verdict.protocol.embedding == "none"
    assert verdict.protocol.prepared == "stretches of 24 steps of 2 variables"
    for score in verdict.scores:
        assert score.words, score.name
        assert score.low is None or score.high is None or score.low <= score.value <= score.high, score.name


def test_the_report_shows_fans_quantiles_and_memories(run: mintage.Run, verdict: Verdict) -> None:
    kept = json.loads(run.directory.likeness.read_text("utf-8"))
    assert len(kept["moves"]["real"]) == len(kept["sizes"]["made"]) == 12
    assert run.directory.fans.is_file()
    report = run.directory.report.read_text("utf-8")
    for said in ("Held out and foretold", "Quantiles of the moves", "Memory of their size", "red came", verdict.judged):
        assert said in report


def test_report_and_card_say_how_to_go_on(run: mintage.Run, verdict: Verdict) -> None:
    card = run.directory.card.read_text("utf-8")
    assert "mintage forecast" in card
    assert "mintage forecast" in run.directory.report.read_text("utf-8")
    assert "time-series-forecasting" in card
    assert "the best of the others" in card
    assert "FID" not in card


def test_two_runs_stand_side_by_side_and_a_file_of_records_is_no_judge(run: mintage.Run, prices: Path) -> None:
    verdicts = mintage.compare([run.path], out=run.path / "judged", metrics=("interval_coverage",))
    assert "interval_coverage" in verdicts[0]
    assert "data:image/png" in (run.path / "judged" / "comparison.html").read_text("utf-8")
    with pytest.raises(ConfigError, match="mintage evaluate RUN"):
        mintage.compare([run.path], against=prices, out=run.path / "judged")


def test_too_little_held_out_says_what_to_do(prices: Path, tmp_path: Path) -> None:
    tiny = ["model.width=8", "training.batch=4", "training.frames=2", "training.steps=2"]
    run = mintage.train(prices, overrides=[*tiny, "data.context=30", "data.heldout=0.02"], out=tmp_path)
    with pytest.raises(DataError, match=r"larger data\.heldout"):
        run.evaluate()
