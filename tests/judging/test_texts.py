"""A run of text judged as a user does it: scores, report and card that speak of text, and two runs side by side."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.metrics.writers import prose

import mintage
from mintage.errors import DataError

TINY = (
    "model.width=16", "model.layers=1", "model.heads=2", "model.slots=64", "training.steps=3", "training.batch=4",
    "data.context=32", "training.precision=float32", "training.frames=2",
)  # fmt: skip
CHEAP = ("likelihood", "copied_text", "kernel_distance")


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "songs.txt"
    path.write_text("\n".join(prose(seed, 50) for seed in range(600)), "utf-8")
    return path


@pytest.fixture(scope="module")
def run(text: Path, tmp_path_factory: pytest.TempPathFactory) -> mintage.Run:
    return mintage.train(text, overrides=TINY, out=tmp_path_factory.mktemp("runs"))


def test_a_run_of_text_is_judged_by_what_it_held_out(run: mintage.Run) -> None:
    verdict = run.evaluate(samples=45)
    assert verdict.protocol.prepared == "passages of 32 tokens (char)"
    assert verdict.protocol.embedding.startswith("phrases-")
    assert "one every 16" in verdict["nats_per_token"].remarks[0]
    for score in verdict.scores:
        assert score.words, score.name
        assert score.low is None or score.high is None or score.low <= score.value <= score.high, score.name
    assert {"copied_share", "self_bleu/0.7", "kernel_distance", "probe_rate", "diversity"} <= {
        score.name for score in verdict.scores
    }
    assert "memorisation" not in verdict.skipped  # it reads pictures, and nobody misses it here
    page, card = (path.read_text("utf-8") for path in (run.directory.report, run.directory.card))
    for part in ("What it writes", "Is it worth it?", "What a temperature buys", "Does it copy?"):
        assert part in page
    assert "pipeline_tag: text-generation" in card
    assert "images" not in card


def test_judging_again_gives_the_same_and_two_runs_stand_side_by_side(run: mintage.Run, tmp_path: Path) -> None:
    one, two = mintage.compare([run.path, run.path], out=tmp_path, samples=45)
    assert one["nats_per_token"] == two["nats_per_token"]
    assert one["self_bleu/0.7"].value == two["self_bleu/0.7"].value
    page = (tmp_path / "comparison.html").read_text("utf-8")
    assert "the king" in page or "king" in page


def test_too_little_text_is_refused_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "short.txt"
    path.write_text(prose(1, 1_500), "utf-8")
    short = mintage.train(path, overrides=TINY, out=tmp_path / "runs")
    with pytest.raises(DataError, match="20 are needed to judge it"):
        short.evaluate(metrics=CHEAP)


def test_a_folder_of_texts_is_refused_in_words(run: mintage.Run, text: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds text"):
        mintage.compare([run.path], against=text.parent, out=tmp_path)
