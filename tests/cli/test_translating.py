"""`mintage generate RUN --input ...`, as a person types it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.conftest import TINY, failed
from typer.testing import CliRunner

import mintage
from mintage.cli import app

runner = CliRunner()

FAST = ["training.steps=1", "training.batch=2", "training.frames=2", "training.channels_last=true", "data.heldout=0"]
CROPS = ["data.window=16", "data.tile=32", "model.width=4", "model.blocks=1"]


def picture(path: Path, *shape: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)).save(path)
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    for number in range(6):
        picture(root / f"{number}.png", 32, 32, 3)
    return root


@pytest.fixture(scope="module")
def enlarger(data: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    words = [f"data={data}", "scale=2", *FAST, *CROPS]
    return str(mintage.train("restore-sr", overrides=words, out=tmp_path_factory.mktemp("runs")).path)


def test_one_file_is_told_by_its_path(enlarger: str, tmp_path: Path) -> None:
    given = picture(tmp_path / "a.png", 20, 30, 3)
    said = runner.invoke(app, ["generate", enlarger, "--input", str(given), "--out", str(tmp_path / "out")])
    assert said.exit_code == 0, said.output
    assert said.stdout.strip() == str(tmp_path / "out" / "a.png")
    with Image.open(tmp_path / "out" / "a.png") as made:
        assert made.size == (60, 40)


@pytest.mark.parametrize("quiet", [False, True])
def test_a_folder_is_told_by_its_count_and_what_was_left_out(enlarger: str, tmp_path: Path, quiet: bool) -> None:
    picture(tmp_path / "in" / "a.png", 20, 30, 3)
    picture(tmp_path / "in" / "deep" / "b.jpg", 70, 90, 3)
    (tmp_path / "in" / "text.png").write_bytes(b"hello")
    words = ["--input", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--tile", "32", "--strength", "0.5"]
    said = runner.invoke(app, ["generate", enlarger, *words, *["--quiet"] * quiet])
    assert said.exit_code == 0, said.output
    assert said.stdout.strip() == ("" if quiet else f"2 pictures: {tmp_path / 'out'}")
    (line,) = [line for line in said.stderr.splitlines() if line.startswith("Left out")]
    assert line.startswith("Left out text.png: ")
    assert (tmp_path / "out" / "deep" / "b.jpg").is_file()


def test_what_does_not_fit_is_an_error_in_a_line(
    enlarger: str, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = str(picture(tmp_path / "a.png", 20, 30, 3))
    drawer = mintage.train(photos, overrides=[*TINY, *FAST[:1], "data.heldout=0"], out=tmp_path / "runs")
    for words, message in [
        ([enlarger], "give it one, with translate or --input"),
        ([enlarger, "--input", str(tmp_path / "none.png")], "There is no picture at"),
        ([enlarger, "--input", given, "--out", str(tmp_path)], "would be written over"),
        ([enlarger, "--input", given, "--out", given], "cannot be written"),
        ([enlarger, "--input", given, "--mask", given], "leave the mask out"),
        ([str(drawer.path), "--input", given], "makes pictures out of noise"),
        ([enlarger, "--mask", given], "give the picture too: --input"),
    ]:
        assert message in failed(capsys, monkeypatch, "generate", *words), words
