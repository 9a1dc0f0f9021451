"""Every verb of the command line, as a person types it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import TINY, failed
from typer.testing import CliRunner

from mintage.cli import app

runner = CliRunner()


def told(*words: str) -> str:
    result = runner.invoke(app, list(words))
    assert result.exit_code == 0, result.output
    return result.output


def test_train_then_generate_then_resume(photos: Path, tmp_path: Path) -> None:
    said = told("train", str(photos), *TINY, "training.steps=4", "--out", str(tmp_path / "runs"))
    assert "120 images" in said
    assert "mintage generate" in said
    (path,) = (tmp_path / "runs").iterdir()
    told("generate", str(path), "-n", "4", "--seed", "7", "--class", "disc", "--out", str(tmp_path / "out"))
    assert len(list((tmp_path / "out").glob("*.png"))) == 5
    told(
        "generate", str(path), "--like", str(tmp_path / "out" / "00002.png"), "-n", "3", "--out", str(tmp_path / "near")
    )
    told("generate", str(path), "--walk", str(tmp_path / "walk.webp"))
    assert (tmp_path / "walk.webp").exists()
    assert "6/6" in told("train", "--resume", str(path), "training.steps=6")


def test_a_dry_run_shows_the_recipe_and_writes_nothing(photos: Path, tmp_path: Path) -> None:
    said = told("train", str(photos), *TINY, "--dry-run", "--out", str(tmp_path / "runs"))
    assert "[training]" in said
    assert not (tmp_path / "runs").exists()


def test_quiet_says_nothing(photos: Path, tmp_path: Path) -> None:
    assert told("train", str(photos), *TINY, "training.steps=2", "--quiet", "--out", str(tmp_path)) == ""


def test_models_and_explain_list_what_there_is(photos: Path) -> None:
    assert "dcgan-fashion" in told("models")
    assert "flip" in told("models", "--augment")
    assert "folder" in told("models", "--sources")
    assert "resgan" in told("models", "--fit", str(photos))
    assert "model.latent_dim" in told("explain", "model.dcgan")
    assert "training.steps" in told("explain", "training")
    assert "fashion-mnist" in told("explain", "dcgan-fashion")


def test_errors_are_one_line_and_exit_with_two(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "dcgan-fashion" in failed(capsys, monkeypatch, "train", "dcgan-fashon")
    assert "what to learn from" in failed(capsys, monkeypatch, "train")
    assert "Did you mean" in failed(capsys, monkeypatch, "explain", "model.dcgam")
    (tmp_path / "empty").mkdir()
    assert ".png" in failed(capsys, monkeypatch, "train", str(tmp_path / "empty"))
    assert "no run" in failed(capsys, monkeypatch, "generate", str(tmp_path / "nothing"))
